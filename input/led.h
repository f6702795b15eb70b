/* Lock lights as bits, the same as SPICE's modifiers. */
#pragma once

enum input_led { INPUT_LED_SCROLL = 1, INPUT_LED_NUM = 2, INPUT_LED_CAPS = 4 };
