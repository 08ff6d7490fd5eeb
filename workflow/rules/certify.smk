rule certify:
    input:
        data=needed("claims"),
        sources=code("claims"),
    output:
        json=out("results/claims/{claims}.json"),
        parquet=out("results/claims/{claims}.parquet"),
        certificates=directory(out("results/certificates/{claims}")),
    log:
        out("logs/certify/{claims}.log"),
    benchmark:
        out("logs/benchmarks/certify/{claims}.tsv")
    threads: threads_of("claims")
    resources:
        mem_mb=memory_of("claims"),
        gpu=0,
    params:
        config=resolved("claims"),
    shell:
        "python -m rescert certify {wildcards.claims} --config {params.config:q}"
        " --input {input.data:q} --output {output.json:q} {output.parquet:q} --log {log:q}"
