rule draw:
    input:
        tables=drawn_from,
        sources=drawn_by,
    output:
        report(
            out("reports/figures/{figures}.svg"),
            caption="../report/figure.rst",
            category="figures",
            labels={"figure": "{figures}"},
        ),
        expand(out("reports/figures/{{figures}}.{kind}"), kind=["pdf", "png", "csv"]),
    log:
        out("logs/draw/{figures}.log"),
    benchmark:
        out("logs/benchmarks/draw/{figures}.tsv")
    threads: 1
    resources:
        mem_mb=1000,
        gpu=0,
    shell:
        "python -m rescert draw {wildcards.figures} --input {input.tables:q} --output {output:q} --log {log:q}"
