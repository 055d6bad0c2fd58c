/* The name of a container image. */
#ifndef OPTASVC_IMAGE_REF_H
#define OPTASVC_IMAGE_REF_H

#include "base/str.h"

/* REPOSITORY[:TAG][@DIGEST]; what is not written is empty. */
struct image_name {
    struct str repository;
    struct str tag;
    struct str digest;
    bool has_tag;    /* the colon is there, if nothing behind it */
    bool has_digest; /* the @ is there */
};

/* Splits a name, which need not be valid. A colon before the last slash is that of a port. */
struct image_name image_name_split(struct str image);

#endif
