/* Functions that the files service*.c share. Each file reads one group of fields. */
#ifndef OPTASVC_SERVICE_READER_H
#define OPTASVC_SERVICE_READER_H

#include "base/map.h"
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

/* Reports an error at a field's value. */
void service_error(const struct service_reader *in, enum field_id field, enum rule rule,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* True if a map of the file has unknown fields, which were reported. */
bool service_has_unknown_field(const struct record *record);

/* Reports an error and returns true if a map of the file has the field without a value. `hint`:
 * what to write. */
bool service_check_empty(const struct service_reader *in, const struct record *record,
                         enum field_id field, const char *hint);

/* Reports an error if the file sets the field and `check` rejects its value. */
void service_check(const struct service_reader *in, enum field_id field, enum rule rule,
                   name_check *check);

/* min_containers, max_containers, autoscaling_*, scale_*. */
void service_read_scale(const struct service_reader *in);

/* True if the number of pods depends on a placeholder, so that it may differ between environments.
 */
bool service_is_scale_variable(const struct service_reader *in);

/* port, ports, probe_port, load_balancer. Needs max_containers. */
void service_read_ports(const struct service_reader *in);

/* healthcheck*, liveness_*, readiness_*, startup_*, probe_*. Needs the ports. */
void service_read_probes(const struct service_reader *in);

/* Adds an object that others create to those that the pods require. */
void service_require(const struct service_reader *in, struct required_object object);

/* image_pull_secrets, image_pull_policy. Needs the image. */
void service_read_pull(const struct service_reader *in);

/* Adds a source of the container's `envFrom`. */
void service_add_source(const struct service_reader *in, bool is_secret, struct str name);

/* env_from. */
void service_read_sources(const struct service_reader *in);

/* Reads a value of env_vars that is a map. Reports an error and returns false if it is invalid. */
bool service_read_reference(const struct service_reader *in, const struct item *item,
                            struct variable *ret);

/* links, secrets, env_vars, env_from. */
void service_read_variables(const struct service_reader *in);

/* Adds a link to a module of a cloud. */
void service_add_cloud_link(const struct service_reader *in, const struct link *link);

/* additional_iam_policies, iam_role_arn, gcp_service_account, azure_client_id,
 * image_tag_mutability. Needs the links and the image. */
void service_read_cloud(const struct service_reader *in);

/* public_uri, sticky_session*, consistent_hash, keep_path_prefix, internal. Needs the ports. */
void service_read_routes(const struct service_reader *in);

/* tolerations, node_selector, priority_class, spread. */
void service_read_placement(const struct service_reader *in);

/* network_policy. Needs the ports and routes. */
void service_read_network_policy(const struct service_reader *in);

/* Warns if the network_policy of a linked service does not list this one. */
void service_check_admitted(const struct service_reader *in, const struct link *link);

/* Returns `count` variables that a container inherits, with those that it sets or overrides in
 * `env_vars`. */
struct variable *service_read_own_variables(const struct service_reader *in,
                                            const struct value *env_vars,
                                            const struct variable *inherited, size_t count,
                                            size_t *ret_count);

/* Warns of $(NAME) in commands and args of a container with an image of its own, which has only its
 * own variables, if the service has a variable of that name. */
void service_check_own_commands(const struct service_reader *in, const struct container *container);

/* Adds a variable's Secret to the objects that the pods require. Those of the service's own
 * variables are checked with all their keys at once. */
void service_require_secret(const struct service_reader *in, const struct variable *variable);

/* resource_request, resource_limits of the service. */
void service_read_resources(const struct service_reader *in);

/* Returns the defaults of resource_request and resource_limits. */
struct resources service_default_resources(const struct service_reader *in);

/* Returns the resources of a container that has a resource_request and resource_limits of its own.
 * What they do not set is as in `base`. */
struct resources service_read_own_resources(const struct service_reader *in,
                                            const struct value *request_map,
                                            const struct value *limit_map, struct resources base);

/* init_containers, sidecars. Needs the variables, resources, disks, volumes and files. */
void service_read_containers(const struct service_reader *in);

/* cron_jobs. Needs the variables and resources. */
void service_read_cron_jobs(const struct service_reader *in);

/* pre_deploy. Needs the variables and resources. */
void service_read_pre_deploy(const struct service_reader *in);

/* Returns the default name of a volume, which depends only on its path: "/var/lib/data" becomes
 * "var-lib-data". If another path could have the same words (it has a dash or a capital letter, or
 * is too long), a hash of the path is appended. */
struct str service_volume_name(struct arena *arena, struct str path);

/* True for the name of a volume that no field declares. */
bool service_is_own_volume(struct str name);

/* Reports an error at `at` and returns false if a path cannot be a mount path. */
bool service_check_mount_path(const struct service_reader *in, struct str path, struct location at);

/* Returns the mount paths of the disks and of the volumes that were read; each value is the
 * service.
 */
struct map service_mounted_paths(const struct service_reader *in);

/* persistent_storage. */
void service_read_disks(const struct service_reader *in);

/* volumes. Needs the disks and resources. */
void service_read_volumes(const struct service_reader *in);

/* files. Needs the disks and volumes. */
void service_read_files(const struct service_reader *in);

/* Checks the sizes of temporary directories. Needs the volumes, containers and cron jobs. */
void service_check_volume_sizes(const struct service_reader *in);

/* persistent_storage, cron_jobs, pre_deploy, placement, commands, args, timeout,
 * termination_grace_period, pod_security, annotations and labels. Needs the ports and probes. */
void service_read_pods(const struct service_reader *in);

#endif
