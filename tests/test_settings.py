import pytest

from portal.settings import Settings, SettingsError


def test_nothing_set_is_a_portal_on_this_machine():
    assert Settings.from_env({}).effective_database_url.startswith("sqlite:///")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PORTAL_PUBLIC_ULR": "x"}, "Did you mean PORTAL_PUBLIC_URL?"),
        ({"PORTAL_PORT": "http"}, "must be a number"),
        ({"PORTAL_DEMONSTRATION": "perhaps"}, "yes or no"),
        ({"PORTAL_PUBLIC_URL": "http://study.example.org"}, "https://"),
        ({"PORTAL_PUBLIC_URL": "https://study.example.org/path"}, "no path"),
        ({"PORTAL_SMTP_URL": "x", "PORTAL_SMTP_URL_FILE": "/x"}, "not both"),
        ({"PORTAL_SMTP_URL_FILE": "/no/such/file"}, "cannot be read"),
        ({"PORTAL_DATABASE_URL": "mysql://x"}, "postgresql://"),
    ],
)
def test_a_wrong_setting_says_what_to_do(environ, words):
    with pytest.raises(SettingsError, match=words.replace("?", r"\?")):
        Settings.from_env(environ)


def test_a_secret_comes_from_a_file(tmp_path):
    (tmp_path / "secret").write_text("smtp://mail.example.org\n")
    assert Settings.from_env({"PORTAL_SMTP_URL_FILE": str(tmp_path / "secret")}).smtp_url == "smtp://mail.example.org"


def test_links_lead_to_the_port_that_was_chosen():
    assert Settings.from_env({"PORTAL_PORT": "8090"}).public_url == "http://localhost:8090"
    chosen = {"PORTAL_PORT": "8090", "PORTAL_PUBLIC_URL": "https://study.example.org"}
    assert Settings.from_env(chosen).public_url == "https://study.example.org"
