#include "config/string_form.h"

#define UP_TO(max)   "(?=[\\s\\S]{1," max "}$)"
#define LABEL        "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
#define LETTER_LABEL "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
#define DOMAIN       LABEL "(?:\\." LABEL ")*"
#define SUBDOMAIN    UP_TO("253") DOMAIN
#define KEY          "(?!\\.$|\\.\\.)[-._A-Za-z0-9]"
#define LABEL_VALUE  "[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?"
#define LABEL_KEY    "(?:(?=[^/]{1,253}/)" DOMAIN "/)?" LABEL_VALUE

#define HOST     "[A-Za-z0-9](?:[-.A-Za-z0-9]*[A-Za-z0-9])?"
#define REGISTRY "(?=[^/]*[.:]|localhost(?:/|$))" HOST "(?::[0-9]{1,5})?"
#define PART     "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
#define TAG      "[A-Za-z0-9_][-.A-Za-z0-9_]{0,127}"
#define VERSION  "(?::" TAG ")?(?:@sha256:[0-9a-f]{64})?"
#define IMAGE    "(?=[\\s\\S]{1,255}" VERSION "$)(?:" REGISTRY "/)?" PART "(?:/" PART ")*" VERSION

#define PATH_CHARACTERS "-A-Za-z0-9._~!$&'()*+,;=:@"

/* A domain of public_uri, in any letter case. */
#define ANY_LABEL "[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?"
#define PUBLIC_DOMAIN                                                                              \
    "(?:\\*|[Aa][Ll][Ll]|[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]\\.?|"                                \
    "(?!(?:\\*\\.)?[0-9.]+(?:/|$))(?=[^/]{1,254}(?:/|$))"                                          \
    "(?:\\*\\." ANY_LABEL "|" ANY_LABEL "\\." ANY_LABEL ")(?:\\." ANY_LABEL ")*\\.?)"
#define PUBLIC_URI                                                                                 \
    "(?=[\\s\\S])(?![^/]*/[\\s\\S]*\\*/*$)" PUBLIC_DOMAIN                                          \
    "?(?:/(?!\\.{1,2}(?:/|$))[" PATH_CHARACTERS "]+)*/*"

/* The fields of a cron schedule. Month and day of week may be names, in any letter case. */
#define BLANK     "[ \\t\\r\\n]"
#define MINUTE    "0*[1-5]?[0-9]"
#define HOUR      "0*(?:1?[0-9]|2[0-3])"
#define MONTH_DAY "0*(?:[1-9]|[12][0-9]|3[01])"
#define MONTH                                                                                      \
    "(?:0*(?:[1-9]|1[0-2])|[Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][RrYy]|[Aa][Pp][Rr]|"                 \
    "[Jj][Uu][NnLl]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])"
#define WEEK_DAY                                                                                   \
    "(?:0*[0-6]|[Ss][Uu][Nn]|[Mm][Oo][Nn]|[Tt][Uu][Ee]|[Ww][Ee][Dd]|[Tt][Hh][Uu]|[Ff][Rr][Ii]|"    \
    "[Ss][Aa][Tt])"
#define RANGE(unit)      "(?:[*?]|" unit "(?:-" unit ")?)(?:/0*[1-9][0-9]*)?"
#define CRON_FIELD(unit) RANGE(unit) "(?:," RANGE(unit) ")*"
#define SCHEDULE                                                                                   \
    "(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every (?:[0-9]+[hms])+)|" BLANK   \
    "*" CRON_FIELD(MINUTE) BLANK "+" CRON_FIELD(HOUR) BLANK "+" CRON_FIELD(MONTH_DAY) BLANK        \
        "+" CRON_FIELD(MONTH) BLANK "+" CRON_FIELD(WEEK_DAY) BLANK "*)"

#define ZONE_NAME                                                                                  \
    "CET|CST6CDT|Cuba|EET|EST|EST5EDT|Egypt|Eire|GB|GB-Eire|GMT|GMT\\+0|"                          \
    "GMT-0|GMT0|Greenwich|HST|Hongkong|Iceland|Iran|Israel|Jamaica|"                               \
    "Japan|Kwajalein|Libya|MET|MST|MST7MDT|NZ|NZ-CHAT|Navajo|PRC|"                                 \
    "PST8PDT|Poland|Portugal|ROC|ROK|Singapore|Turkey|UCT|UTC|Universal|"                          \
    "W-SU|WET|Zulu"
#define ZONE_AREA                                                                                  \
    "(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US|"    \
    "Canada|Brazil|Chile|Mexico)"

#define IAM_ARN  "arn:aws(?:-cn|-us-gov)?:iam::"
#define ACCOUNT  "[0-9]{12}"
#define IAM_NAME "[-A-Za-z0-9_+=,.@](?:[-A-Za-z0-9_+=,.@/]*[-A-Za-z0-9_+=,.@])?"

#define POD_FIELD                                                                                  \
    "(?:metadata\\.(?:name|namespace|uid|(?:labels|annotations)\\['" LABEL_KEY "'\\])|"            \
    "spec\\.(?:nodeName|serviceAccountName)|status\\.(?:podIPs?|hostIPs?)|"                        \
    "(?:requests|limits)\\.(?:cpu|memory))"

#define FORM(name) const struct string_form form_##name

FORM(namespace) = {LABEL, NULL, name_check_namespace, NUMBERS_NOT_NEGATIVE, true};
FORM(service) = {LETTER_LABEL, NULL, name_check_service, NUMBERS_NONE, true};
FORM(subdomain) = {SUBDOMAIN, NULL, name_check_subdomain, NUMBERS_NOT_NEGATIVE, true};
FORM(variable) = {"(?![0-9])" KEY "+", NULL, name_check_variable, NUMBERS_BELOW_ONE, true};
FORM(secret_key) = {KEY "{1,253}", NULL, name_check_secret_key, NUMBERS_ANY, true};
FORM(label_key) = {LABEL_KEY, NULL, name_check_label_key, NUMBERS_NOT_NEGATIVE, true};
FORM(label_value) = {"(?:" LABEL_VALUE ")?", NULL, name_check_label_value, NUMBERS_NOT_NEGATIVE,
                     true};
FORM(environment) = {LABEL_VALUE, NULL, name_check_label_value, NUMBERS_NOT_NEGATIVE, true};
FORM(image) = {"(?![Aa][Uu][Tt][Oo]$)" IMAGE, NULL, name_check_image, NUMBERS_NOT_NEGATIVE, true};
FORM(service_image) = {"(?:AUTO|" IMAGE ")", NULL, name_check_image, NUMBERS_NOT_NEGATIVE, true};
FORM(registry) = {UP_TO("255") REGISTRY "(?:/" PART ")*/*", NULL, name_check_registry,
                  NUMBERS_NOT_NEGATIVE, false};
FORM(port) = {UP_TO("15") "(?=[^a-z]*[a-z])(?![\\s\\S]*--)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", NULL,
              name_check_port, NUMBERS_NONE, true};
FORM(mount_path) = {UP_TO("1024") "(?:/(?!\\.{1,2}(?:/|$))[^/:]+)+", NULL, name_check_mount_path,
                    NUMBERS_NONE, false};
FORM(probe_path) = {"(?!https?://)(?!(?:[Nn][Oo]|[Nn][Oo][Nn][Ee]|[Nn][Uu][Ll][Ll]|[Oo][Ff][Ff]|"
                    "[Ff][Aa][Ll][Ss][Ee]|[Dd][Ii][Ss][Aa][Bb][Ll][Ee][Dd])$)(?=[\\s\\S])"
                    "[" PATH_CHARACTERS "%/]{0,1024}(?:\\?[" PATH_CHARACTERS "%/?]*)?",
                    "must be a path, such as /healthz", NULL, NUMBERS_ANY, true};
FORM(public_uri) = {PUBLIC_URI, "must be a domain and a path, such as app.example.com/api", NULL,
                    NUMBERS_NONE, false};
FORM(hash_key) = {"(?=[^$]*\\$)(?![\\s\\S]*\\$(?![A-Za-z0-9_]|\\{[A-Za-z0-9_]+\\}))"
                  "[-A-Za-z0-9_$\\{\\}]+",
                  NULL, name_check_hash_key, NUMBERS_NONE, false};
FORM(http_header) = {"[-A-Za-z0-9]+", NULL, name_check_http_header, NUMBERS_ANY, true};
FORM(http_value) = {"[^\\x00-\\x08\\x0a-\\x1f\\x7f]*", NULL, name_check_http_value, NUMBERS_ANY,
                    true};
FORM(annotation) = {
    "(?!nginx\\.(?:ingress\\.kubernetes\\.io|org|com)/[\\s\\S]*-snippets?$)" LABEL_KEY, NULL,
    name_check_label_key, NUMBERS_NOT_NEGATIVE, true};
FORM(env_source) = {"(?!secret/manual-secrets$)(?:secret|config_map)/"
                    "(?=[\\s\\S]{1,253}$)" DOMAIN,
                    "must be secret/NAME or config_map/NAME", NULL, NUMBERS_NONE, false};
FORM(pod_field) = {POD_FIELD, "must be a field of a pod, such as status.podIP", NULL, NUMBERS_NONE,
                   false};
FORM(trigger_type) = {"(?!(?:cpu|memory)$)" LABEL,
                      "must be a type of KEDA, other than cpu and memory", NULL,
                      NUMBERS_NOT_NEGATIVE, true};
FORM(trigger_auth) = {"(?:cluster/)?(?=[\\s\\S]{1,253}$)" DOMAIN,
                      "must be the name of a TriggerAuthentication, or cluster/NAME", NULL,
                      NUMBERS_NOT_NEGATIVE, true};
FORM(schedule) = {SCHEDULE, "must have the five fields of cron, or be a macro such as @daily", NULL,
                  NUMBERS_NONE, false};
FORM(time_zone) = {"(?:" ZONE_NAME "|" ZONE_AREA "/[-+A-Za-z0-9_/]*[-+A-Za-z0-9_])", NULL,
                   name_check_time_zone, NUMBERS_NONE, false};
FORM(file_mode) = {"0[0-7]{3}", "must be four octal digits from 0000 to 0777", NULL,
                   NUMBERS_NOT_NEGATIVE, false};
FORM(disk_name) = {"(?!optasvc-(?:files|tmp)$)" LABEL, NULL, name_check_namespace,
                   NUMBERS_NOT_NEGATIVE, true};
FORM(peer) = {"(?:(?:" LABEL "/)?" LETTER_LABEL "|namespace/" LABEL ")",
              "must be MODULE, LAYER/MODULE, namespace/NAME or ingress", NULL, NUMBERS_NONE, true};
FORM(gateway) = {LABEL "/(?=[\\s\\S]{1,253}$)" DOMAIN, "must be NAMESPACE/NAME", NULL, NUMBERS_NONE,
                 false};
FORM(iam_role) = {IAM_ARN ACCOUNT ":role/" IAM_NAME, NULL, name_check_iam_role, NUMBERS_NONE,
                  false};
FORM(iam_policy) = {IAM_ARN "(?:aws|" ACCOUNT "):policy/" IAM_NAME, NULL, name_check_iam_policy,
                    NUMBERS_NONE, false};
FORM(google_account) = {UP_TO("253") "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
                                     "@" DOMAIN "\\.gserviceaccount\\.com",
                        NULL, name_check_google_account, NUMBERS_NONE, false};
FORM(uuid) = {"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", NULL, name_check_uuid,
              NUMBERS_NONE, false};

FORM(eks_cluster) = {"[A-Za-z0-9][-A-Za-z0-9_]{0,99}", NULL, name_check_eks_cluster,
                     NUMBERS_NOT_NEGATIVE, true};
FORM(aws_region) = {"(?=[^-]+-)[a-z][-a-z0-9]*[0-9]", NULL, name_check_aws_region, NUMBERS_NONE,
                    false};
FORM(aws_account) = {"[0-9]{12}", NULL, name_check_aws_account, NUMBERS_NOT_NEGATIVE, false};

const char *string_form_message(const struct string_form *form)
{
    return form->message ? form->message : form->check(STR("\1"));
}
