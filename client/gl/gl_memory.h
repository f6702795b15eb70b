/*
 * Gives back the memory that the start of software GL leaves behind. Mesa's llvmpipe compiles its
 * shaders with LLVM when they are first drawn with: afterwards some 40 MiB of the compiler's code
 * stay mapped and some MiB of its heap stay free, and neither is used again.
 */
#pragma once

/* Gives both back to the system; takes about a millisecond. What is wanted again comes back by
 * itself, from the page cache. From any thread. */
void gl_memory_trim(void);
