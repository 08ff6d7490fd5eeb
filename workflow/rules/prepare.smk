rule prepare:
    input:
        sources=code("datasets"),
    output:
        out("data/processed/{datasets}.safetensors"),
    log:
        out("logs/prepare/{datasets}.log"),
    benchmark:
        out("logs/benchmarks/prepare/{datasets}.tsv")
    threads: threads_of("datasets")
    resources:
        mem_mb=memory_of("datasets"),
        gpu=0,
    params:
        config=resolved("datasets"),
    shell:
        "python -m rescert prepare {wildcards.datasets} --config {params.config:q}" " --output {output:q} --log {log:q}"
