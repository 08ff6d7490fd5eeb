rule recheck:
    input:
        # the certificates refer to arrays in the files that the claim needs
        data=needed("claims"),
        certificates=out("results/certificates/{claims}"),
        claim=out("results/claims/{claims}.json"),
        sources=sources("rescert.certify.check"),
    output:
        out("results/rechecked/{claims}.json"),
    log:
        out("logs/recheck/{claims}.log"),
    benchmark:
        out("logs/benchmarks/recheck/{claims}.tsv")
    threads: 1
    resources:
        mem_mb=1000,
        gpu=0,
    params:
        config=json.dumps(config["recheck"]),
    shell:
        "python -m rescert recheck {wildcards.claims} --config {params.config:q}"
        " --input {input.claim:q} --output {output:q} --log {log:q}"
