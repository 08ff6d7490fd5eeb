rule draw:
    input:
        tables=lambda wildcards: [
            path
            for need in [
                f"claims/{wildcards.claims}",
                *block("claims", wildcards).get("needs", []),
            ]
            for path in files(need)
            if path.endswith(".parquet")
        ],
        sources=code("claims", "rescert.figures.drawing"),
    output:
        report(
            out("reports/figures/{claims}.svg"),
            caption="../report/figure.rst",
            category="figures",
            labels={"claim": "{claims}"},
        ),
        expand(out("reports/figures/{{claims}}.{kind}"), kind=["pdf", "png", "csv"]),
    log:
        out("logs/draw/{claims}.log"),
    benchmark:
        out("logs/benchmarks/draw/{claims}.tsv")
    threads: 1
    resources:
        mem_mb=1000,
        gpu=0,
    shell:
        "python -m rescert draw {wildcards.claims} --input {input.tables:q} --output {output:q} --log {log:q}"
