#include "config/credential.h"

#include "yaml/scalar.h"

bool credential_has_name(struct arena *arena, struct str name)
{
    static const char *const ends[] = {
        "PASSWORD",    "PASSWD",          "PASSPHRASE",  "_PASS",       "_PWD",
        "SECRET",      "TOKEN",           "API_KEY",     "APIKEY",      "PRIVATE_KEY",
        "SECRET_KEY",  "SECRET_KEY_BASE", "ACCESS_KEY",  "ACCOUNT_KEY", "ENCRYPTION_KEY",
        "SIGNING_KEY", "MASTER_KEY",      "CREDENTIALS", "REDIS_AUTH",  "REDISCLI_AUTH"};
    struct str upper = str_upper(arena, name);
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends_with(upper, str_from_c(ends[i])))
            return true;
    return false;
}

bool credential_is_switch(struct str value)
{
    bool flag;
    return value.len == 0 || scalar_to_bool(value, &flag) || str_eq_c(value, "0") ||
           str_eq_c(value, "1");
}

/* True for bytes that end the part of a URL with the password, or the URL. */
static bool ends_authority(char byte)
{
    const struct str ends = STR("/@ \t\r\n\"'");
    return str_find(ends, 0, byte) < ends.len;
}

struct str credential_url_password(struct str value)
{
    for (size_t at = str_find(value, 0, ':'); at < value.len; at = str_find(value, at + 1, ':')) {
        if (!str_starts_with(str_skip(value, at), STR("://")))
            continue;
        size_t end = at + 3;
        size_t colon = 0;
        while (end < value.len && !ends_authority(value.data[end])) {
            if (value.data[end] == ':')
                colon = end;
            end++;
        }
        if (end < value.len && value.data[end] == '@' && colon && colon + 1 < end)
            return str_slice(value, colon + 1, end);
    }
    return STR("");
}

bool credential_has_url_password(struct str text)
{
    for (;;) {
        struct str password = credential_url_password(text);
        if (password.len == 0)
            return false;
        if (!credential_is_reference(password) && password.data[0] != '$')
            return true;
        text = str_skip(text, (size_t)(password.data - text.data) + password.len);
    }
}

bool credential_is_reference(struct str value)
{
    static const char *const starts[] = {"$(", "${", "{", "<", "/", "./", "arn:", "vault:"};
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (str_starts_with(value, str_from_c(starts[i])))
            return true;
    return str_contains(value, STR("://"));
}

static size_t base64url_end(struct str text, size_t at)
{
    while (at < text.len && str_find(STR("-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "abcdefghijklmnopqrstuvwxyz"),
                                     0, text.data[at]) < 64)
        at++;
    return at;
}

/* True for a JSON Web Token: HEADER.PAYLOAD.SIGNATURE, of which the first is a JSON object. */
static bool is_web_token(struct str value)
{
    size_t header = base64url_end(value, 0);
    if (!str_starts_with(value, STR("eyJ")) || header == value.len || value.data[header] != '.')
        return false;
    size_t payload = base64url_end(value, header + 1);
    return payload > header + 1 && payload < value.len && value.data[payload] == '.' &&
           base64url_end(value, payload + 1) == value.len;
}

bool credential_has_form(struct str value)
{
    enum { LEN_MIN = 20 }; /* of the tokens below */
    static const char *const starts[] = {
        "AKIA",  "ASIA",   "ghp_",    "gho_",  "ghu_",  "ghs_",  "ghr_",           "github_pat_",
        "xoxa-", "xoxb-",  "xoxp-",   "xoxr-", "xoxs-", "xapp-", "sk_live_",       "rk_live_",
        "SG.",   "glpat-", "dop_v1_", "hvs.",  "npm_",  "AIza",  "AGE-SECRET-KEY-"};
    const struct str begin = STR("-----BEGIN ");
    struct str line = str_slice(value, 0, str_find(value, 0, '\n'));
    if (str_starts_with(line, begin) && str_contains(line, STR("PRIVATE KEY-----")))
        return true;
    if (value.len < LEN_MIN || str_find(value, 0, ' ') < value.len)
        return false;
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (str_starts_with(value, str_from_c(starts[i])))
            return true;
    return is_web_token(value);
}

const char *credential_reason(struct arena *arena, struct str name, struct str value)
{
    if (credential_has_form(value))
        return "the value is a credential";
    if (credential_has_url_password(value))
        return "the URL contains a password";
    if (credential_has_name(arena, name) && !credential_is_switch(value) &&
        !credential_is_reference(value))
        return "the value seems to be a credential";
    return NULL;
}
