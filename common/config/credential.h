/* Recognizes credentials among the values of environment variables. */
#ifndef OPTASVC_CREDENTIAL_H
#define OPTASVC_CREDENTIAL_H

#include "base/str.h"

/* True if the value of a variable of this name is probably a credential: DB_PASSWORD, API_KEY. */
bool credential_has_name(struct arena *arena, struct str name);

/* True for the values of switches, such as ALLOW_EMPTY_PASSWORD: "yes". */
bool credential_is_switch(struct str value);

/* Returns the password of a URL, scheme://user:password@host; empty if there is none. */
struct str credential_url_password(struct str value);

/* True if the value refers to a credential or is where it is found, but does not contain it:
 * $(NAME), ${NAME}, {NAME}, <NAME>, a path, a URL, an ARN. */
bool credential_is_reference(struct str value);

/* True for a value that only a credential has: a private key, a JSON Web Token, or the prefix of
 * the tokens of a well-known service. */
bool credential_has_form(struct str value);

/* Returns why the value of a variable is probably a credential, as a sentence; NULL if it is not.
 */
const char *credential_reason(struct arena *arena, struct str name, struct str value);

#endif
