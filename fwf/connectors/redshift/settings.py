"""How is a warehouse reached? Checked settings, which open the Data API and the bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, final

from fwf.connectors.redshift import staging as s3
from fwf.connectors.shared import aws
from fwf.secrets import Secret

CONNECT_WITHIN: Final = timedelta(seconds=5)
WITHIN: Final = timedelta(seconds=60)
ROLE: Final = re.compile(r"default|arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.A)
WORKGROUP: Final = re.compile(r"[a-z0-9-]{3,63}|arn:aws[a-z-]*:redshift-serverless:[\w:/-]+", re.A)
CLUSTER: Final = re.compile(r"(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
SECRET_ARN: Final = re.compile(r"arn:aws[a-z-]*:secretsmanager:[\w:/+=.@!-]+", re.A)


@final
@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """The settings of a warehouse."""

    database: str
    place: Mapping[str, str]
    staging: s3.StagingPlace
    iam_role: str
    region: str | None
    endpoint: str | None
    s3_endpoint: str | None
    access_key: Secret | None
    secret_key: Secret | None
    connect_within: timedelta
    within: timedelta

    def target(self) -> dict[str, str]:
        """Which database of which warehouse, as the API asks for it."""
        return {"Database": self.database, **self.place}

    def api(self) -> Any:
        """The Data API, to be closed."""
        return aws.client(
            "redshift-data",
            region=self.region,
            endpoint=self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            connect_within=self.connect_within,
            within=self.within,
        )

    def store(self) -> Any:
        """The bucket for what is loaded."""
        return s3.open_bucket(
            self.staging,
            region=self.region,
            endpoint=self.s3_endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            connect_seconds=self.connect_within.total_seconds(),
            seconds=self.within.total_seconds(),
        )


def place_of(
    where: str, workgroup: str | None, cluster: str | None, secret_arn: str | None
) -> dict[str, str]:
    """A workgroup or a cluster, and the secret of its user ⟶ the same as the API asks for them."""
    if (workgroup is None) == (cluster is None):
        raise ValueError(f"{where}: needs workgroup= (serverless) or cluster=, one of them")
    fields = {
        "WorkgroupName": ("workgroup", workgroup, WORKGROUP, "'shop'"),
        "ClusterIdentifier": ("cluster", cluster, CLUSTER, "'shop-dw'"),
        "SecretArn": ("secret_arn", secret_arn, SECRET_ARN, "'arn:aws:secretsmanager:…'"),
    }
    place: dict[str, str] = {}
    for field, (name, value, pattern, example) in fields.items():
        if value is None:
            continue
        if not pattern.fullmatch(value):
            raise ValueError(f"{where}({name}={value!r}): needs a name such as {example}")
        place[field] = value
    return place


def check_role(where: str, iam_role: str) -> str:
    """The role with which COPY reads the bucket; raises `ValueError` where it can't be one."""
    roles = iam_role.split(",arn:")
    if all(ROLE.fullmatch(role if not n else f"arn:{role}") for n, role in enumerate(roles)):
        return iam_role
    raise ValueError(f"{where}(iam_role={iam_role!r}): needs 'default' or 'arn:aws:iam::…:role/…'")


def check_database(where: str, database: str) -> str:
    """A database's name; raises `ValueError` where it can't be one."""
    if not database or not database.isprintable() or len(database.encode()) > 127:
        raise ValueError(f"{where}(database={database!r}): needs a name of 1 to 127 bytes")
    return database
