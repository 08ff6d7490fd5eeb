"""Four theory papers on residual networks, reproduced, audited and certified: data to report."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "src"))


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


rule all:
    default_target: True
    input:
        out("reports/index.html"),
        tracked(),


rule figures:
    input:
        expand(
            out("reports/figures/{figure}.{kind}"),
            figure=FIGURES,
            kind=["svg", "pdf", "png", "csv"],
        ),


include: "workflow/rules/prepare.smk"
include: "workflow/rules/decompose.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/slice.smk"
include: "workflow/rules/certify.smk"
include: "workflow/rules/recheck.smk"
include: "workflow/rules/draw.smk"
include: "workflow/rules/track.smk"
include: "workflow/rules/report.smk"


localrules:
    all,
    figures,
    store,


onstart:
    guard()
    print(f"cost of all: {config['cost']}", file=sys.stderr)
