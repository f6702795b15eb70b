/*
 * The command line with which the program begins anew as that of another VM.
 */
#pragma once

struct config;

/* Whatever was said on the command line and is not about one VM (where its parts are, a file for
 * its picture), then the VM that was chosen (config->next_vm and next_uri). argv[0] is the
 * program's name. One block of heap that ends with NULL: free() the returned pointer alone. NULL
 * without memory. */
char **config_again(const struct config *config);
