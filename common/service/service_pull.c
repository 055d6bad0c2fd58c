/* image_pull_secrets and image_pull_policy: how nodes pull the image. */
#include "base/map.h"
#include "format/image_ref.h"
#include "service/service_reader.h"

static void read_secrets(const struct service_reader *in)
{
    const struct value *secrets = service_value(in, SERVICE_IMAGE_PULL_SECRETS);
    struct map names = {0};
    for (size_t i = 0; i < secrets->count; i++) {
        const struct item *item = &secrets->items[i];
        struct location at = item->node->span;
        const char *error = name_check_subdomain(item->text);
        if (error) {
            diag_error(in->reader.diags, at, RULE_INVALID_NAME, "Secret name %s", error);
        } else if (map_add(in->reader.arena, &names, item->text, item)) {
            diag_error(in->reader.diags, at, RULE_DUPLICATE_ITEM, "duplicate Secret \"%.*s\"",
                       STR_ARG(item->text));
            diag_hint(in->reader.diags, "remove one of them");
        } else {
            service_require(in, (struct required_object){.kind = REQUIRED_PULL_SECRET,
                                                         .name = item->text,
                                                         .at = at,
                                                         .field = SERVICE_IMAGE_PULL_SECRETS});
        }
    }
}

/* True if the image may change although its name does not. */
static bool is_moving(struct str image)
{
    struct image_name name = image_name_split(image);
    return !name.has_digest && (!name.has_tag || str_eq_c(name.tag, "latest"));
}

void service_read_pull(const struct service_reader *in)
{
    struct service *service = in->service;
    bool local = in->layer->environment.provider->is_local;
    read_secrets(in);
    service->pull_policy = service_value(in, SERVICE_IMAGE_PULL_POLICY)->text;
    if (!record_has(in->record, SERVICE_IMAGE_PULL_POLICY)) {
        service->pull_policy = local ? STR("IfNotPresent") : STR("Always");
        return;
    }
    if (local || !service->has_image || !is_moving(service->image) ||
        str_eq_c(service->pull_policy, "Always"))
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_IMAGE_PULL_POLICY),
                 RULE_STALE_IMAGE,
                 "nodes may run different images: a node that has the tag latest does not pull it "
                 "again");
    diag_hint(in->reader.diags, "set a version in image, or write image_pull_policy: Always");
}
