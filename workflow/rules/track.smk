rule store:
    output:
        out("logs/store.json"),
    log:
        out("logs/store.log"),
    benchmark:
        out("logs/benchmarks/store/store.tsv")
    threads: 1
    resources:
        mem_mb=1000,
        gpu=0,
    shell:
        "python -m rescert track store --tracking {TRACKING:q} --output {output:q} --log {log:q}"


rule track:
    input:
        store(),
        records=[path for need in RECORDS for path in files(need)],
        figures=expand(
            out("reports/figures/{figure}.{kind}"),
            figure=FIGURES,
            kind=["svg", "png"],
        ),
        rechecked=expand(out("results/rechecked/{claim}.json"), claim=config["claims"]),
        sources=sources("rescert.tracking"),
    output:
        [out(f"results/tracking/{need.replace('/', '__')}.json") for need in RECORDS],
    log:
        out("logs/track/all.log"),
    benchmark:
        out("logs/benchmarks/track/all.tsv")
    threads: 1
    resources:
        mem_mb=1000,
        gpu=0,
    shell:
        "python -m rescert track all --tracking {TRACKING:q}"
        " --input {input.records:q} {input.figures:q} {input.rechecked:q} --output {output:q} --log {log:q}"
