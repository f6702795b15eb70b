/* OpenGL ES 3.0 and the extensions' header, which does not stand alone. */
#pragma once

/* clang-format off */
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>
/* clang-format on */
