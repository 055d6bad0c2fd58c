/* Names of container images. */
#ifndef OPTASVC_IMAGE_REF_H
#define OPTASVC_IMAGE_REF_H

#include "base/str.h"

/* REPOSITORY[:TAG][@DIGEST]; absent parts are empty. */
struct image_name {
    struct str repository;
    struct str tag;
    struct str digest;
    bool has_tag;    /* has a colon, even if the tag is empty */
    bool has_digest; /* has an @ */
};

/* Splits a name, which need not be valid. A colon before the last slash belongs to a port. */
struct image_name image_name_split(struct str image);

#endif
