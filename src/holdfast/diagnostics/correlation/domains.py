"""Fault domains: where in the path of a request a component stands."""

from __future__ import annotations

import re

import polars as pl

from holdfast.diagnostics.correlation.ranking import Weighed

_STORES = re.compile(
    r"postgres|mysql|mariadb|mongo|oracle|mssql|sql|database|cassandra|redis|memcache|cache|elastic|opensearch|"
    r"kafka|rabbit|amqp|queue|broker|sqs|s3|minio|\bdb\b|-db$|^db-",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"gateway|nginx|haproxy|envoy|ingress|proxy|load-?balancer|\blb\b|cdn|edge|frontend|traefik|kong",
    re.IGNORECASE,
)
_GROUND = re.compile(
    r"^(\d{1,3}\.){3}\d{1,3}$|node|host|kernel|kubelet|dns|resolver|network|etcd|coredns", re.IGNORECASE
)
_CLIENT = re.compile(r"browser|mobile|android|ios|client|web-?app|frontend-ui", re.IGNORECASE)


def domain(component: str, weighed: Weighed) -> str:
    """Return client, edge, service, database, infrastructure or third party."""
    if _STORES.search(component):
        return "database"
    if _EDGE.search(component):
        return "edge"
    if _GROUND.search(component):
        return "infrastructure"
    if _CLIENT.search(component):
        return "client"
    return "third party" if component in _foreign(weighed) else "service"


def _foreign(weighed: Weighed) -> set[str]:
    """Return what is called but sends no spans, writes no log: somebody else's."""
    visits = weighed.visits
    return set(visits.leaves["peer"].unique()) - set(
        visits.frame.select(pl.col("component").unique())["component"]
    )
