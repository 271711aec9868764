import psycopg

from examples.services import postgres


def test_a_database_is_new_and_gone_in_the_end(postgres_url: str) -> None:
    with postgres.database(postgres_url) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept (id int)")
        open_ = psycopg.connect(url)  # nobody is waited for
    open_.close()
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(postgres_url) as connection:
        asked = "SELECT 1 FROM pg_database WHERE datname = %s"
        assert connection.execute(asked, [name]).fetchall() == []
        assert connection.execute(asked, ["postgres"]).fetchall() == [(1,)]
