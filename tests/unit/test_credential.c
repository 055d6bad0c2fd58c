#include "config/credential.h"
#include "unit.h"

static void test_names(void **state)
{
    struct unit *unit = *state;
    static const char *const credentials[] = {"PASSWORD",      "DB_PASSWORD", "db_password",
                                              "SMTP_PASS",     "API_TOKEN",   "JWT_SECRET",
                                              "STRIPE_APIKEY", "REDIS_AUTH"};
    static const char *const others[] = {"",     "COMPASS",    "PASSWORD_FILE", "TOKEN_URL", "KEY",
                                         "PATH", "PUBLIC_KEY", "PRIMARY_KEY",   "SMTP_AUTH"};
    for (size_t i = 0; i < COUNT_OF(credentials); i++)
        if (!credential_has_name(&unit->arena, str_from_c(credentials[i])))
            fail_msg("no credential: %s", credentials[i]);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (credential_has_name(&unit->arena, str_from_c(others[i])))
            fail_msg("a credential: %s", others[i]);
}

static void test_passwords_of_urls(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"postgres://user:pass@host/db", "pass"},
        {"a,b://c:d, http://user:p:q@host", "q"},
        {"redis://:pass@host", "pass"},
        {"postgres://user:$(PASS)@host", "$(PASS)"},
        {"postgres://user:@host", ""},
        {"postgres://user@host:5432/db", ""},
        {"http://host:80/a@b", ""},
        {"http://host:80 user@host", ""},
        {"http://host:80\nmail: user@host", ""},
        {"\"http://host:80\", \"user@host\"", ""},
        {"user:pass@host", ""},
        {"://", ""},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(credential_url_password(str_from_c(rows[i][0])), rows[i][1]);
}

static void test_forms(void **state)
{
    (void)state;
    static const char *const credentials[] = {
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789012345678901234567890123456",
        "xoxb-0123456789-0123456789",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    };
    static const char *const others[] = {
        "",
        "AKIA",
        "AKIA is the prefix of an access key",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nPRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9..c2lnbmF0dXJl",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/bmF0",
        "xyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    };
    for (size_t i = 0; i < COUNT_OF(credentials); i++)
        if (!credential_has_form(str_from_c(credentials[i])))
            fail_msg("no credential: %s", credentials[i]);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (credential_has_form(str_from_c(others[i])))
            fail_msg("a credential: %s", others[i]);
}

static void test_references(void **state)
{
    (void)state;
    static const struct {
        bool is_reference;
        const char *value;
    } rows[] = {{true, "$(PASS)"},     {true, "${PASS}"},
                {true, "{vars.pass}"}, {true, "<password>"},
                {true, "/run/secret"}, {true, "arn:aws:ssm:eu-west-1:1:parameter/a"},
                {true, "https://a/b"}, {false, "hunter2"},
                {false, "$2b$10$abc"}, {false, ""}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (credential_is_reference(str_from_c(rows[i].value)) != rows[i].is_reference)
            fail_msg("row %zu: %s", i, rows[i].value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_names),
        UNIT_TEST(test_passwords_of_urls),
        UNIT_TEST(test_forms),
        UNIT_TEST(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
