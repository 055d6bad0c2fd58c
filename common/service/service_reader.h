/* What the files service*.c share: one reads a group of fields each. */
#ifndef OPTASVC_SERVICE_READER_H
#define OPTASVC_SERVICE_READER_H

#include "format/name.h"
#include "service/service.h"

struct service_reader {
    struct layer *layer;
    struct schema_reader reader;
    const struct record *record;
    const struct module *module;
    struct service *service;
};

const struct value *service_value(const struct service_reader *in, enum field_id field);

/* Reports at a field's value. */
void service_error(const struct service_reader *in, enum field_id field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reports when a text is written that is no such name. */
void service_check(const struct service_reader *in, enum field_id field, name_check *check);

/* port, ports, probe_port. Needs max_containers. */
void service_read_ports(const struct service_reader *in);

/* healthcheck*, liveness_*, readiness_*, startup_*, probe_*. Needs the ports. */
void service_read_probes(const struct service_reader *in);

/* links, secrets, env_vars. */
void service_read_variables(const struct service_reader *in);

/* A link to a module of AWS, and then, of the links and image, additional_iam_policies,
 * iam_role_arn, gcp_service_account and azure_client_id: what of the clouds is made. */
void service_add_cloud_link(const struct service_reader *in, const struct link *link);
void service_read_cloud(const struct service_reader *in);

/* public_uri, sticky_session*, consistent_hash, keep_path_prefix. Needs the ports. */
void service_read_routes(const struct service_reader *in);

/* persistent_storage. */
void service_read_disks(const struct service_reader *in);

/* persistent_storage, cron_jobs, tolerations, annotations and labels. */
void service_read_pods(const struct service_reader *in);

#endif
