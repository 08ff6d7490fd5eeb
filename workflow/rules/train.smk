rule train:
    input:
        store(),
        data=needed("networks"),
        sources=code("networks"),
    output:
        out("results/networks/{networks}/weights.safetensors"),
        out("results/networks/{networks}/history.parquet"),
        out("results/networks/{networks}/record.json"),
    log:
        out("logs/train/{networks}.log"),
    benchmark:
        out("logs/benchmarks/train/{networks}.tsv")
    threads: threads_of("networks")
    resources:
        mem_mb=memory_of("networks"),
        gpu=GPU,
    params:
        config=resolved("networks", "device"),
    shell:
        "python -m rescert train {wildcards.networks} --config {params.config:q}"
        " --input {input.data:q} --output {output:q} --tracking {TRACKING:q} --log {log:q}"
