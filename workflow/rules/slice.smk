rule slice:
    input:
        data=needed("slices"),
        sources=code("slices"),
    output:
        out("results/slices/{slices}.safetensors"),
        out("results/slices/{slices}.parquet"),
        out("results/slices/{slices}.json"),
    log:
        out("logs/slice/{slices}.log"),
    benchmark:
        out("logs/benchmarks/slice/{slices}.tsv")
    threads: threads_of("slices")
    resources:
        mem_mb=memory_of("slices"),
        gpu=0,
    params:
        config=resolved("slices"),
    shell:
        "python -m rescert slice {wildcards.slices} --config {params.config:q}"
        " --input {input.data:q} --output {output:q} --log {log:q}"
