/* Lock lights, in the guest's and the router's words (the same bits as SPICE's modifiers). */
#pragma once

enum input_led { INPUT_LED_SCROLL = 1, INPUT_LED_NUM = 2, INPUT_LED_CAPS = 4 };
