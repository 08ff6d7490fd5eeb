rule search:
    input:
        store(),
        data=needed("critical_points"),
        sources=code("critical_points"),
    output:
        out("results/critical_points/{critical_points}.safetensors"),
        out("results/critical_points/{critical_points}.parquet"),
    log:
        out("logs/search/{critical_points}.log"),
    benchmark:
        out("logs/benchmarks/search/{critical_points}.tsv")
    threads: threads_of("critical_points")
    resources:
        mem_mb=memory_of("critical_points"),
        gpu=GPU,
    params:
        config=resolved("critical_points", "device"),
    shell:
        "python -m rescert search {wildcards.critical_points} --config {params.config:q}"
        " --input {input.data:q} --output {output:q} --tracking {TRACKING:q} --log {log:q}"
