rule decompose:
    input:
        data=needed("decompositions"),
        sources=code("decompositions"),
    output:
        out("results/decompositions/{decompositions}.parquet"),
        out("results/decompositions/{decompositions}.json"),
    log:
        out("logs/decompose/{decompositions}.log"),
    benchmark:
        out("logs/benchmarks/decompose/{decompositions}.tsv")
    threads: threads_of("decompositions")
    resources:
        mem_mb=memory_of("decompositions"),
        gpu=0,
    params:
        config=resolved("decompositions"),
    shell:
        "python -m rescert decompose {wildcards.decompositions} --config {params.config:q}"
        " --input {input.data:q} --output {output:q} --log {log:q}"
