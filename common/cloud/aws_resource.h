/* ARNs and names of the AWS resources that services link to.
 *
 * Sources in order of precedence: the module's `outputs`, its fields, the environment's outputs
 * (such as NAME_queue_arn), and the names that Opta gave. The last causes a warning. */
#ifndef OPTASVC_AWS_RESOURCE_H
#define OPTASVC_AWS_RESOURCE_H

#include "config/interpolate.h"
#include "format/arn.h"

struct aws_resource {
    struct str arn; /* with wildcards for the random characters of a name that Opta gave */
    struct arn parts;
    struct str name; /* of the bucket, queue, topic or table */
    struct str key;  /* ARN of the KMS key, possibly with a wildcard; empty: no key */
};

/* Returns the resource of a module of CLOUD_AWS. Reports errors only the first time: at the invalid
 * field, or at `at` if a value is missing. Returns NULL after an error. */
const struct aws_resource *aws_resource_read(struct scope *scope, struct module *module,
                                             struct location at);

/* Sets `ret` to the value of an output of the module's type. Reports an error at `at` and returns
 * false if the value is unknown. */
provider_output aws_resource_output;

#endif
