/* Google: projects, its Container Registry, and service accounts. */
#include "cloud/providers.h"
#include "config/module_output.h"

static void read_keys(const struct schema_reader *reader, const struct record *record,
                      struct environment *ret)
{
    (void)reader;
    ret->region = record_value(record, GOOGLE_REGION)->text;
    ret->project = record_value(record, GOOGLE_PROJECT)->text;
    ret->project_at = record_location(record, GOOGLE_PROJECT);
}

/* Returns gcr.io/PROJECT. For a domain-scoped project, example.com:shop, gcr.io/example.com/shop.
 * https://cloud.google.com/artifact-registry/docs/docker/names */
static struct str registry(struct arena *arena, const struct environment *environment)
{
    struct str project = environment->project;
    size_t colon = str_find(project, 0, ':');
    struct str last = str_skip(project, colon + 1);
    if (project.len == 0)
        return project;
    return str_format(arena, "gcr.io/%.*s%s%.*s", STR_ARG(str_slice(project, 0, colon)),
                      last.len ? "/" : "", STR_ARG(last));
}

/* There are no cluster objects for Google's IAM, so a warning shows the command. The roles are
 * those that Opta granted. https://cloud.google.com/storage/docs/access-control/iam-roles */
static void warn_link(struct scope *scope, const struct link *link, struct str account)
{
    /* In Google Cloud, the ID of a bucket is its name. */
    bool has_name = module_output_is_set(link->module, STR("bucket_name"));
    const struct str name = has_name ? STR("bucket_name") : STR("bucket_id");
    struct str bucket = STR("BUCKET");
    bool writes = false;
    for (size_t i = 0; i < link->permission_count; i++)
        writes |= str_eq_c(link->permissions[i], "write");
    if (module_output_is_set(link->module, name) &&
        !module_output_read_set(scope, link->module, name, link->node->span, &bucket))
        return;
    const char *role = writes ? "roles/storage.objectAdmin" : "roles/storage.objectViewer";
    diag_warning(scope->diags, link->node->span, RULE_LINK_WITHOUT_PERMISSIONS,
                 "no cloud permissions are granted for this link to %.*s",
                 STR_ARG(link->module->type_name));
    if (account.len)
        diag_hint(scope->diags,
                  "grant them with: gcloud storage buckets add-iam-policy-binding gs://%.*s "
                  "--member=serviceAccount:%.*s --role=%s",
                  STR_ARG(bucket), STR_ARG(account), role);
    else
        diag_hint(scope->diags, "set gcp_service_account, and grant that account %s on gs://%.*s",
                  role, STR_ARG(bucket));
}

/* https://cloud.google.com/kubernetes-engine/docs/how-to/internal-load-balancing */
static const struct load_balancer_annotation internal_load_balancer[] = {
    {"networking.gke.io/load-balancer-type", "Internal"}, {NULL, NULL}};

const struct provider provider_google = {
    .cloud = CLOUD_GOOGLE,
    .field = PROVIDERS_GOOGLE,
    .title = "Google",
    .read = read_keys,
    .registry = registry,
    .registry_hint = "set project in the environment's google provider, or set registry in the "
                     "environment file, or pass --registry",
    .warn_link = warn_link,
    .internal_load_balancer = internal_load_balancer,
    .identity_annotation = "iam.gke.io/gcp-service-account",
    .identity_field = SERVICE_GCP_SERVICE_ACCOUNT,
    .check_identity = name_check_google_account,
};
