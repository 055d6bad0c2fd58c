/* What modules of AWS that services link to are there, as far as files tell: their ARNs and names.
 *
 * The module's `outputs` come first, then its own fields, then the environment's outputs
 * (NAME_queue_arn and the like), then the names that Opta gave, which is reported as a guess. */
#ifndef OPTASVC_AWS_RESOURCE_H
#define OPTASVC_AWS_RESOURCE_H

#include "config/interpolate.h"
#include "format/arn.h"

struct cloud_resource {
    struct str arn; /* with wildcards where Opta's name has random characters */
    struct arn parts;
    struct str name; /* of the bucket, queue, topic or table */
    struct str key;  /* ARN of the KMS key, perhaps with a wildcard; empty: it has none */
};

/* Reads a module of CLOUD_AWS, once. NULL after an error, which is reported the first time, at `at`
 * where nothing in the module is wrong. */
const struct cloud_resource *cloud_resource(struct scope *scope, struct module *module,
                                            struct location at);

/* Reads one of the outputs of its type. Reports an error at `at` and returns false if it is not
 * known. */
provider_output cloud_output;

#endif
