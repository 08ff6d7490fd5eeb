"""The papers under study, by the prefix of their claims' names, in the order of the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    prefix: str
    authors: str
    year: int
    title: str
    arxiv: str

    @property
    def short(self) -> str:
        """Surnames and year.

        >>> PAPERS[2].short
        'Kawaguchi, Bengio 2019'
        """
        return ", ".join(name.split()[-1] for name in self.authors.split(", ")) + f" {self.year}"

    @property
    def link(self) -> str:
        return f"https://arxiv.org/abs/{self.arxiv}"


PAPERS = (
    Paper(
        "bel",
        "Peter L. Bartlett, Steven N. Evans, Philip M. Long",
        2018,
        "Representing smooth functions as compositions of near-identity functions "
        "with implications for deep network optimization",
        "1804.05012",
    ),
    Paper(
        "ysj",
        "Chulhee Yun, Suvrit Sra, Ali Jadbabaie",
        2019,
        "Are deep ResNets provably better than linear predictors?",
        "1907.03922",
    ),
    Paper(
        "kb",
        "Kenji Kawaguchi, Yoshua Bengio",
        2019,
        "Depth with nonlinearity creates no bad local minima in ResNets",
        "1810.09038",
    ),
    Paper(
        "ns",
        "Kamil Nar, S. Shankar Sastry",
        2018,
        "Residual networks: Lyapunov stability and convex decomposition",
        "1803.08203",
    ),
)


def paper_of(claim_id: str) -> Paper | None:
    """The paper of a claim, or None for one that the list does not have (its claims name it themselves)."""
    return next((p for p in PAPERS if p.prefix == claim_id.split("_")[0]), None)


def order(claim_id: str) -> tuple[int, str]:
    """Sort key: paper by paper, then by name."""
    paper = paper_of(claim_id)
    return (PAPERS.index(paper) if paper else len(PAPERS), claim_id)
