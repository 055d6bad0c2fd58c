/* ARNs and names of the AWS resources that services link to.
 *
 * Sources in order of precedence: the module's `outputs`, its fields, the environment's outputs
 * (such as NAME_queue_arn), and the names that Opta gave, which is reported as a warning. */
#ifndef OPTASVC_AWS_RESOURCE_H
#define OPTASVC_AWS_RESOURCE_H

#include "config/interpolate.h"
#include "format/arn.h"

struct cloud_resource {
    struct str arn; /* with wildcards for random characters in Opta's name */
    struct arn parts;
    struct str name; /* of the bucket, queue, topic or table */
    struct str key;  /* ARN of the KMS key, possibly with a wildcard; empty: no key */
};

/* Reads a module of CLOUD_AWS once. Returns NULL after an error, which is reported the first time:
 * at the invalid field, or at `at` if a value is missing. */
const struct cloud_resource *cloud_resource(struct scope *scope, struct module *module,
                                            struct location at);

/* Sets an output of the module's type. Reports an error at `at` and returns false if it is
 * unknown. */
provider_output cloud_output;

#endif
