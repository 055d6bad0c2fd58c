/* Gateways of the environment file: where routes are attached instead of generating Ingresses. */
#ifndef OPTASVC_GATEWAY_H
#define OPTASVC_GATEWAY_H

#include "config/flavour.h"
#include "config/options.h"
#include "config/schema.h"

/* A Gateway of the cluster. It belongs to the cluster's owner, and is not generated. */
struct gateway {
    struct str namespace;
    struct str name;
    enum flavour_id flavour;      /* of `type` */
    struct str listener;          /* empty: all listeners */
    struct str http_listener;     /* redirects to HTTPS; empty: none */
    bool listener_sets;           /* the certificate is in a ListenerSet, not in the Gateway */
    bool has_session_persistence; /* sticky sessions use the field of the Gateway API */
};

/* Returns NULL if the text is NAMESPACE/NAME, else the end of a sentence (name.h). */
const char *gateway_check_name(struct str text);

/* Reads the flags of a Gateway. Reports an error and returns NULL if their combination is invalid.
 */
const struct gateway *gateway_of_flags(struct arena *arena, struct diags *diags,
                                       const struct gateway_options *options);

/* Reads FILE_GATEWAY or FILE_INTERNAL_GATEWAY of an environment file. `has_certificate`: the file
 * has tls_secret or cluster_issuer. Reports errors; returns NULL if the field is not set. */
const struct gateway *gateway_read(const struct schema_reader *reader, const struct record *file,
                                   enum field_id field, bool has_certificate);

/* True if services attached to one are also reachable through the other. */
bool gateway_overlaps(const struct gateway *one, const struct gateway *other);

#endif
