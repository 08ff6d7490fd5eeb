rule report:
    input:
        records=[path for need in RECORDS for path in files(need) if not path.endswith(".safetensors")],
        figures=rules.figures.input,
        rechecked=expand(out("results/rechecked/{claim}.json"), claim=config["claims"]),
        tracking=tracked(),
        sources=sources(
            "rescert.report.page",
            "rescert.figures.landscape",
            *(f"rescert.claims.{claim}" for claim in config["claims"]),
        ),
        templates=templates(),
    output:
        [out(f"reports/{name}") for name in ("index.html", "errata.html", "claims.csv", "runs.csv")],
    log:
        out("logs/report/all.log"),
    benchmark:
        out("logs/benchmarks/report/all.tsv")
    threads: 1
    resources:
        mem_mb=1000,
        gpu=0,
    params:
        config=json.dumps({"options": OPTIONS}),
    shell:
        "python -m rescert report all --config {params.config:q} --input {input.records:q} {input.figures:q}"
        " {input.rechecked:q} {input.tracking:q} --output {output:q} --log {log:q}"
