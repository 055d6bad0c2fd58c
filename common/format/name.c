#include "format/name.h"

#include "base/limits.h"
#include "format/arn.h"
#include "format/image_ref.h"

#include <string.h>

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ALNUM  LOWER UPPER DIGITS

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* True if `s` starts with one of `first`, ends with one of `last` and contains only `inner`. */
static bool has_shape(struct str s, const char *first, const char *inner, const char *last)
{
    return s.len && is_one_of(s.data[0], first) && is_one_of(s.data[s.len - 1], last) &&
           str_span_only(s, inner);
}

static const char *check_label(struct str name, const char *first, const char *message)
{
    if (name.len > LABEL_MAX)
        return "must be at most 63 characters long";
    return has_shape(name, first, LOWER DIGITS "-", LOWER DIGITS) ? NULL : message;
}

const char *name_check_namespace(struct str name)
{
    return check_label(
        name, LOWER DIGITS,
        "must consist of lowercase letters, digits and dashes, and start and end with "
        "a letter or digit");
}

const char *name_check_service(struct str name)
{
    return check_label(name, LOWER,
                       "must consist of lowercase letters, digits and dashes, start with a letter "
                       "and end with a letter or digit");
}

/* True if every part between dots is a DNS label of at most 63 characters. */
static bool is_dns_name(struct str name)
{
    for (size_t at = 0; at <= name.len;) {
        size_t end = str_find(name, at, '.');
        struct str label = str_slice(name, at, end);
        if (label.len > LABEL_MAX ||
            !has_shape(label, LOWER DIGITS, LOWER DIGITS "-", LOWER DIGITS))
            return false;
        at = end + 1;
    }
    return true;
}

const char *name_check_subdomain(struct str name)
{
    if (name.len > SUBDOMAIN_MAX)
        return "must be at most 253 characters long";
    return name.len && is_dns_name(name)
               ? NULL
               : "must consist of lowercase letters, digits, dashes and dots, like a domain name";
}

const char *name_check_host(struct str name)
{
    if (name.len > SUBDOMAIN_MAX)
        return "must be at most 253 characters long";
    struct str rest = str_starts_with(name, STR("*.")) ? str_skip(name, 2) : name;
    bool address = str_span_only(rest, DIGITS ".");
    return rest.len && !address && is_dns_name(rest)
               ? NULL
               : "must be a domain name, such as app.example.com";
}

/* Kubernetes reserves these names for directories: apimachinery's IsConfigMapKey and
 * IsEnvVarName. */
static bool is_dir_name(struct str name)
{
    return str_eq_c(name, ".") || str_starts_with(name, STR(".."));
}

const char *name_check_variable(struct str name)
{
    if (is_dir_name(name))
        return "must not be . or start with ..";
    return has_shape(name, ALNUM "-._", ALNUM "-._", ALNUM "-._") &&
                   !is_one_of(name.data[0], DIGITS)
               ? NULL
               : "must consist of letters, digits, _, - and ., and not start with a digit";
}

const char *name_check_secret_key(struct str name)
{
    if (name.len > SUBDOMAIN_MAX)
        return "must be at most 253 characters long";
    if (is_dir_name(name))
        return "must not be . or start with ..";
    return name.len && str_span_only(name, ALNUM "-._")
               ? NULL
               : "must consist of letters, digits, _, - and .";
}

const char *name_check_label_value(struct str name)
{
    if (name.len > LABEL_MAX)
        return "must be at most 63 characters long";
    return name.len == 0 || has_shape(name, ALNUM, ALNUM "-._", ALNUM)
               ? NULL
               : "must consist of letters, digits, -, _ and ., and start and end with a letter or "
                 "digit";
}

const char *name_check_image_tag(struct str tag)
{
    return tag.len <= TAG_MAX && has_shape(tag, ALNUM "_", ALNUM "_.-", ALNUM "_.-")
               ? NULL
               : "must be at most 128 letters, digits, _, . and -, and not start with . or -";
}

const char *name_check_image_digest(struct str digest)
{
    struct str hex = str_skip(digest, strlen("sha256:"));
    return str_starts_with(digest, STR("sha256:")) && hex.len == 64 &&
                   str_span_only(hex, DIGITS "abcdef")
               ? NULL
               : "must be sha256: followed by 64 lowercase hexadecimal digits";
}

/* True for a component of a repository's path: words joined by one . or _, by __, or by dashes. */
static bool is_repository_part(struct str part)
{
    if (!has_shape(part, LOWER DIGITS, LOWER DIGITS "._-", LOWER DIGITS))
        return false;
    for (size_t i = 1; i < part.len; i++) {
        bool joint = is_one_of(part.data[i], "._") && is_one_of(part.data[i - 1], "._-");
        bool dash_after = part.data[i] == '-' && is_one_of(part.data[i - 1], "._");
        bool double_underscore =
            part.data[i] == '_' && part.data[i - 1] == '_' && (i < 2 || part.data[i - 2] != '_');
        if ((joint && !double_underscore) || dash_after)
            return false;
    }
    return true;
}

/* True for a registry, HOST[:PORT]. Docker treats the first component as a registry if it has a
 * dot or a port, or is `localhost`. */
static bool is_registry(struct str part)
{
    size_t colon = str_find(part, 0, ':');
    struct str port = str_skip(part, colon + 1);
    if (colon < part.len && (port.len == 0 || port.len > 5 || !str_span_only(port, DIGITS)))
        return false;
    struct str host = str_slice(part, 0, colon);
    bool named =
        str_find(host, 0, '.') < host.len || colon < part.len || str_eq_c(host, "localhost");
    return named && has_shape(host, ALNUM, ALNUM ".-", ALNUM);
}

static bool is_repository(struct str name)
{
    size_t slash = str_find(name, 0, '/');
    size_t at = slash < name.len && is_registry(str_slice(name, 0, slash)) ? slash + 1 : 0;
    while (at <= name.len) {
        size_t end = str_find(name, at, '/');
        if (!is_repository_part(str_slice(name, at, end)))
            return false;
        at = end + 1;
    }
    return true;
}

/* The grammar of the distribution project's reference package. */
const char *name_check_image(struct str image)
{
    static const char message[] =
        "must be an image reference such as nginx, nginx:1.29 or registry.example.com/team/app:v1";
    struct image_name parts = image_name_split(image);
    if (parts.has_digest && name_check_image_digest(parts.digest))
        return "has an invalid digest: it must be sha256: followed by 64 lowercase hexadecimal "
               "digits";
    if (parts.has_tag && name_check_image_tag(parts.tag))
        return "has an invalid tag: it must be at most 128 letters, digits, _, . and -, and not "
               "start with . or -";
    struct str repository = parts.repository;
    if (repository.len > IMAGE_MAX)
        return "must have at most 255 characters before the tag";
    if (is_repository(repository))
        return NULL;
    for (size_t i = 0; i < repository.len; i++)
        if (is_one_of(repository.data[i], UPPER))
            return "must be lowercase before the tag";
    return message;
}

const char *name_check_registry(struct str registry)
{
    while (str_ends_with(registry, STR("/")))
        registry.len--;
    size_t slash = str_find(registry, 0, '/');
    bool ok = is_registry(str_slice(registry, 0, slash)) &&
              (slash == registry.len || is_repository(str_skip(registry, slash + 1)));
    return ok && registry.len <= IMAGE_MAX ? NULL
                                           : "must be an address such as registry.example.com/team";
}

const char *name_check_port(struct str name)
{
    bool has_letter = false;
    bool has_double_dash = false;
    for (size_t i = 0; i < name.len; i++) {
        has_letter |= is_one_of(name.data[i], LOWER);
        has_double_dash |= i > 0 && name.data[i] == '-' && name.data[i - 1] == '-';
    }
    return name.len <= PORT_NAME_MAX && has_letter && !has_double_dash &&
                   has_shape(name, LOWER DIGITS, LOWER DIGITS "-", LOWER DIGITS)
               ? NULL
               : "must be at most 15 lowercase letters, digits and single dashes, with at least "
                 "one letter";
}

const char *name_check_label_key(struct str key)
{
    size_t slash = str_find(key, 0, '/');
    bool has_prefix = slash < key.len;
    struct str name = has_prefix ? str_skip(key, slash + 1) : key;
    if (has_prefix && name_check_subdomain(str_slice(key, 0, slash)))
        return "must have a domain name before the slash";
    if (name.len > LABEL_MAX)
        return "must have at most 63 characters after the slash";
    return has_shape(name, ALNUM, ALNUM "-._", ALNUM)
               ? NULL
               : "must consist of letters, digits, -, _ and ., and start and end with a letter or "
                 "digit; a prefix such as example.com/ is allowed";
}

const char *name_check_mount_path(struct str path)
{
    if (path.len < 2 || path.data[0] != '/')
        return "must be an absolute path other than /";
    if (path.len > HTTP_PATH_MAX)
        return "must be at most 1024 characters long";
    for (size_t at = 1; at <= path.len;) {
        size_t end = str_find(path, at, '/');
        struct str part = str_slice(path, at, end);
        if (part.len == 0 || str_eq_c(part, ".") || str_eq_c(part, ".."))
            return "must be normalized: no trailing /, no //, no . and no ..";
        at = end + 1;
    }
    return str_find(path, 0, ':') < path.len ? "must not contain a colon" : NULL;
}

const char *name_check_path(struct str path)
{
    if (path.len > HTTP_PATH_MAX)
        return "must be at most 1024 characters long";
    if (path.len == 0 || path.data[0] != '/')
        return "must start with /";
    return str_span_only(path, ALNUM "-._~!$&'()*+,;=:@%/")
               ? NULL
               : "must contain only letters, digits and -._~!$&'()*+,;=:@%/";
}

const char *name_check_request(struct str request)
{
    size_t query = str_find(request, 0, '?');
    const char *error = name_check_path(str_slice(request, 0, query));
    if (error)
        return error;
    return str_span_only(str_skip(request, query), ALNUM "-._~!$&'()*+,;=:@%/?")
               ? NULL
               : "has a query with characters that must be percent-encoded, such as %20 for a "
                 "space";
}

const char *name_check_hash_key(struct str key)
{
    if (key.len == 0 || !str_span_only(key, ALNUM "_${}-"))
        return "must consist of nginx variables, letters, digits, _ and -, such as $request_uri";
    return str_find(key, 0, '$') < key.len ? NULL
                                           : "must contain an nginx variable, such as "
                                             "$request_uri: a constant would select the "
                                             "same pod for all requests";
}

const char *name_check_http_header(struct str name)
{
    return name.len && str_span_only(name, ALNUM "-") ? NULL
                                                      : "must consist of letters, digits and -";
}

/* The kubelet cannot send a request with other control characters (Go's net/http). */
const char *name_check_http_value(struct str value)
{
    enum { DELETE = 0x7f };
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if ((byte < ' ' && byte != '\t') || byte == DELETE)
            return "must be a single line without control characters";
    }
    return NULL;
}

/* In nginx's configuration, a semicolon or brace ends a directive, and a quote or a comment hides
 * its end. ${NAME} is a variable. https://nginx.org/en/docs/beginners_guide.html#conf_structure */
const char *name_check_nginx_value(struct str value)
{
    bool variable = false;
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.data[i];
        bool starts_word = i == 0 || value.data[i - 1] == ' ';
        if ((unsigned char)byte < ' ')
            return "must be a single line";
        if (byte == '{' && i > 0 && value.data[i - 1] == '$')
            variable = true;
        else if (byte == '}' && variable)
            variable = false;
        else if (is_one_of(byte, ";{}\"") || (byte == '#' && starts_word) ||
                 (variable && byte == ' '))
            return "must not contain ; { } \" or a # at the start of a word: nginx would read them "
                   "as configuration";
    }
    return variable || str_ends_with(value, STR("\\")) ? "must not end inside ${ or with \\" : NULL;
}

const char *name_check_arn(struct str arn)
{
    size_t colons = 0;
    for (size_t i = 0; i < arn.len; i++)
        colons += arn.data[i] == ':';
    bool printable = str_span_only(arn, ALNUM "-._/:*+=,@");
    return printable && colons >= 5 && str_starts_with(arn, STR("arn:aws")) &&
                   !str_ends_with(arn, STR(":"))
               ? NULL
               : "must be an ARN, such as arn:aws:iam::123456789012:policy/extra";
}

const char *name_check_aws_account(struct str account)
{
    return account.len == 12 && str_span_only(account, DIGITS) ? NULL : "must be 12 digits";
}

/* True for arn:PARTITION:iam::ACCOUNT:TYPE/PATH/NAME. The account of AWS managed policies is
 * `aws`. */
static bool is_iam_arn(struct str arn, struct str type, bool allow_managed)
{
    struct arn parts = arn_split(arn);
    bool is_managed = allow_managed && str_eq_c(parts.account, "aws");
    struct str path = str_skip(parts.resource, type.len);
    return str_starts_with(arn, STR("arn:")) && aws_is_partition(parts.partition) &&
           str_eq_c(parts.service, "iam") && parts.region.len == 0 &&
           (is_managed || !name_check_aws_account(parts.account)) &&
           str_starts_with(parts.resource, type) &&
           has_shape(path, ALNUM "_+=,.@-", ALNUM "_+=,.@-/", ALNUM "_+=,.@-");
}

const char *name_check_iam_policy(struct str arn)
{
    return is_iam_arn(arn, STR("policy/"), true)
               ? NULL
               : "must be an IAM policy ARN, such as arn:aws:iam::123456789012:policy/extra";
}

const char *name_check_iam_role(struct str arn)
{
    return is_iam_arn(arn, STR("role/"), false)
               ? NULL
               : "must be an IAM role ARN, such as arn:aws:iam::123456789012:role/app";
}

/* https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html */
const char *name_check_eks_cluster(struct str name)
{
    return name.len <= EKS_CLUSTER_MAX && has_shape(name, ALNUM, ALNUM "-_", ALNUM "-_")
               ? NULL
               : "must be at most 100 letters, digits, - and _, and start with a letter or digit";
}

/* https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const char *name_check_s3_bucket(struct str name)
{
    enum { BUCKET_MIN = 3 };
    return name.len >= BUCKET_MIN && name.len <= LABEL_MAX &&
                   has_shape(name, LOWER DIGITS, LOWER DIGITS "-.", LOWER DIGITS)
               ? NULL
               : "must be 3 to 63 lowercase letters, digits, dots and dashes, and start and end "
                 "with a letter or digit";
}

const char *name_check_openid_provider(struct str provider)
{
    size_t slash = str_find(provider, 0, '/');
    return slash && provider.len <= SUBDOMAIN_MAX && is_dns_name(str_slice(provider, 0, slash)) &&
                   str_span_only(str_skip(provider, slash), ALNUM "-._/")
               ? NULL
               : "must be an address such as https://oidc.eks.us-east-1.amazonaws.com/id/ID";
}

/* https://cloud.google.com/iam/docs/service-accounts-create, and Google-managed accounts such as
 * NUMBER-compute@developer.gserviceaccount.com. */
const char *name_check_google_account(struct str address)
{
    const struct str end = STR(".gserviceaccount.com");
    size_t at = str_find(address, 0, '@');
    struct str domain = str_skip(address, at + 1);
    return has_shape(str_slice(address, 0, at), LOWER DIGITS, LOWER DIGITS "-", LOWER DIGITS) &&
                   str_ends_with(domain, end) &&
                   is_dns_name(str_slice(domain, 0, domain.len - end.len)) &&
                   address.len <= SUBDOMAIN_MAX
               ? NULL
               : "must be the address of a service account, such as "
                 "app@my-project.iam.gserviceaccount.com";
}

/* A project ID, optionally with a domain: "example.com:shop".
 * https://cloud.google.com/resource-manager/docs/creating-managing-projects */
const char *name_check_google_project(struct str project)
{
    enum { PROJECT_MIN = 6, PROJECT_MAX = 30 };
    size_t colon = str_find(project, 0, ':');
    bool has_domain = colon < project.len;
    struct str id = has_domain ? str_skip(project, colon + 1) : project;
    bool ok = id.len >= PROJECT_MIN && id.len <= PROJECT_MAX &&
              has_shape(id, LOWER, LOWER DIGITS "-", LOWER DIGITS);
    return ok && (!has_domain || is_dns_name(str_slice(project, 0, colon)))
               ? NULL
               : "must be a project ID such as my-project: 6 to 30 lowercase letters, digits and "
                 "dashes, starting with a letter";
}

const char *name_check_uuid(struct str uuid)
{
    static const char shape[] = "00000000-0000-0000-0000-000000000000";
    bool ok = uuid.len == sizeof shape - 1;
    for (size_t i = 0; ok && i < uuid.len; i++)
        ok = is_one_of(uuid.data[i], shape[i] == '-' ? "-" : DIGITS "abcdefABCDEF");
    return ok ? NULL : "must be a UUID, such as 00000000-0000-0000-0000-000000000000";
}

const char *name_check_aws_region(struct str region)
{
    bool shape = has_shape(region, LOWER, LOWER DIGITS "-", DIGITS);
    return shape && str_find(region, 0, '-') < region.len ? NULL
                                                          : "must be a region such as us-east-1";
}

/* Areas and names without an area of the IANA database, to which it adds no others. Abbreviations
 * such as PST and offsets such as UTC+1 are not in it, or mean something else; the server checks
 * the location. https://data.iana.org/time-zones/theory.html */
const char *name_check_time_zone(struct str zone)
{
    static const char *const areas[] = {"Africa/", "America/",  "Antarctica/", "Arctic/",
                                        "Asia/",   "Atlantic/", "Australia/",  "Europe/",
                                        "Indian/", "Pacific/",  "Etc/",        "US/",
                                        "Canada/", "Brazil/",   "Chile/",      "Mexico/"};
    static const char *const names[] = {
        "CET",       "CST6CDT",   "Cuba",     "EET",     "EST",    "EST5EDT",   "Egypt",
        "Eire",      "GB",        "GB-Eire",  "GMT",     "GMT+0",  "GMT-0",     "GMT0",
        "Greenwich", "HST",       "Hongkong", "Iceland", "Iran",   "Israel",    "Jamaica",
        "Japan",     "Kwajalein", "Libya",    "MET",     "MST",    "MST7MDT",   "NZ",
        "NZ-CHAT",   "Navajo",    "PRC",      "PST8PDT", "Poland", "Portugal",  "ROC",
        "ROK",       "Singapore", "Turkey",   "UCT",     "UTC",    "Universal", "W-SU",
        "WET",       "Zulu"};
    bool ok = false;
    for (size_t i = 0; !ok && i < COUNT_OF(names); i++)
        ok = str_eq_c(zone, names[i]);
    for (size_t i = 0; !ok && i < COUNT_OF(areas); i++) {
        struct str area = str_from_c(areas[i]);
        struct str location = str_skip(zone, area.len);
        ok = str_starts_with(zone, area) && location.len && !str_ends_with(location, STR("/")) &&
             str_span_only(location, ALNUM "_+-/");
    }
    return ok ? NULL : "must be a time zone of the IANA database, such as Europe/London or UTC";
}

struct str name_without_root(struct str domain)
{
    bool rooted =
        domain.len > 1 && str_ends_with(domain, STR(".")) && !str_ends_with(domain, STR(".."));
    return str_slice(domain, 0, domain.len - rooted);
}

struct str name_for_variable(struct arena *arena, struct str name)
{
    char *copy = arena_alloc(arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        copy[i] = name.data[i] == '-' ? '_' : name.data[i];
    return (struct str){copy, name.len};
}
