/* wlr-data-control-unstable-v1: compositors of the wlroots family, KDE before 6.4. */
#include <wlr-data-control-unstable-v1.h>

#define CONTROL(object, what)  zwlr_data_control_##object##_v1_##what
#define CONTROL_OBJECT(object) zwlr_data_control_##object##_v1
#include "client/clipboard/clipboard_wayland_control.h"

const struct wayland_protocol wayland_wlr = { .name = "wlr-data-control", CONTROL_TABLE };
