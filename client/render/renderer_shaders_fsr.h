/*
 * FidelityFX Super Resolution 1: EASU enlarges along edges, RCAS sharpens what came out of it.
 *
 * Written for this program from the published algorithm: AMD FidelityFX Super Resolution 1.0
 * (ffx_fsr1.h, GPUOpen, MIT licence, Copyright (c) 2021 Advanced Micro Devices, Inc.) and its
 * description "FidelityFX Super Resolution 1.0" of the GPUOpen documentation.
 *
 * Both work on encoded (sRGB) values in 0..1, as they are meant to.
 */
#pragma once

/*
 * EASU, image -> a picture of the final size, both in the image's own orientation. Twelve pixels
 * around p:
 *
 *          b c
 *        e f g h          f is the one up and to the left of p
 *        i j k l
 *          n o
 *
 * Each of f, g, j, k with its four neighbours gives a gradient and how much of an edge it is; they
 * are averaged by their nearness to p. The kernel, a polynomial that approaches Lanczos 2, is
 * turned to that direction, made longer along an edge and narrower across it. The result is clamped
 * to f, g, j and k, so that it does not ring.
 */
static const char shader_easu[] =
		"uniform sampler2D picture;\n"
		"uniform vec2 size;\n"
		"uniform vec2 shrink;\n" /* image pixels per pixel of ours: < 1 */
		"out vec4 color;\n"
		"vec3 texel(ivec2 p) {\n"
		"	return texelFetch(picture, clamp(p, ivec2(0), ivec2(size) - 1), 0).rgb;\n"
		"}\n"
		"float luma(vec3 c) {\n"
		"	return 0.5 * c.r + c.g + 0.5 * c.b;\n"
		"}\n"
		/* before, at and after the pixel in one direction: gradient, and 1 where it is a
		 * step or a ramp, 0 where it is a ridge (the gradient changes its sign) */
		"vec2 edge(float before, float here, float after) {\n"
		"	float steepest = max(abs(after - here), abs(here - before));\n"
		"	float gradient = after - before;\n"
		"	float part = clamp(abs(gradient) / max(steepest, 1.0 / 65536.0), 0.0, 1.0);\n"
		"	return vec2(gradient, part * part);\n"
		"}\n"
		"void add(inout vec2 direction, inout float length, float w,\n"
		"		float up, float left, float here, float right, float down) {\n"
		"	vec2 x = edge(left, here, right);\n"
		"	vec2 y = edge(up, here, down);\n"
		"	direction += w * vec2(x.x, y.x);\n"
		"	length += w * (x.y + y.y);\n"
		"}\n"
		"vec3 sum;\n"
		"float weights;\n"
		"vec2 axis, stretch;\n"
		"float lobe, reach;\n"
		"void tap(vec2 offset, vec3 c) {\n"
		"	vec2 v = vec2(dot(offset, axis), dot(offset, vec2(-axis.y, axis.x))) * stretch;\n"
		"	float d = min(dot(v, v), reach);\n"
		"	float base = 0.4 * d - 1.0;\n"
		"	float window = lobe * d - 1.0;\n"
		"	float w = (25.0 / 16.0 * base * base - 9.0 / 16.0) * window * window;\n"
		"	sum += w * c;\n"
		"	weights += w;\n"
		"}\n"
		"void main() {\n"
		"	vec2 p = gl_FragCoord.xy * shrink - 0.5;\n"
		"	ivec2 at = ivec2(floor(p));\n"
		"	vec2 q = p - vec2(at);\n"
		"	vec3 b = texel(at + ivec2(0, -1)), c = texel(at + ivec2(1, -1));\n"
		"	vec3 e = texel(at + ivec2(-1, 0)), f = texel(at), g = texel(at + ivec2(1, 0));\n"
		"	vec3 h = texel(at + ivec2(2, 0)), i = texel(at + ivec2(-1, 1));\n"
		"	vec3 j = texel(at + ivec2(0, 1)), k = texel(at + ivec2(1, 1));\n"
		"	vec3 l = texel(at + ivec2(2, 1)), n = texel(at + ivec2(0, 2));\n"
		"	vec3 o = texel(at + ivec2(1, 2));\n"
		"	float lb = luma(b), lc = luma(c), le = luma(e), lf = luma(f), lg = luma(g);\n"
		"	float lh = luma(h), li = luma(i), lj = luma(j), lk = luma(k), ll = luma(l);\n"
		"	float ln = luma(n), lo = luma(o);\n"
		"	vec2 direction = vec2(0.0);\n"
		"	float length = 0.0;\n"
		"	add(direction, length, (1.0 - q.x) * (1.0 - q.y), lb, le, lf, lg, lj);\n"
		"	add(direction, length, q.x * (1.0 - q.y), lc, lf, lg, lh, lk);\n"
		"	add(direction, length, (1.0 - q.x) * q.y, lf, li, lj, lk, ln);\n"
		"	add(direction, length, q.x * q.y, lg, lj, lk, ll, lo);\n"
		"	float strength = dot(direction, direction);\n"
		"	axis = strength < 1.0 / 32768.0 ? vec2(1.0, 0.0)\n"
		"			: direction * inversesqrt(strength);\n"
		"	length = 0.25 * length * length;\n"
		/* 1 along the rows and columns, sqrt(2) on the diagonal: how far apart pixels are
		 */
		"	float diagonal = dot(axis, axis) / max(abs(axis.x), abs(axis.y));\n"
		"	stretch = vec2(1.0 + (diagonal - 1.0) * length, 1.0 - 0.5 * length);\n"
		"	lobe = 0.5 + (0.25 - 0.04 - 0.5) * length;\n"
		"	reach = 1.0 / lobe;\n"
		"	sum = vec3(0.0);\n"
		"	weights = 0.0;\n"
		"	tap(vec2(0.0, -1.0) - q, b);\n"
		"	tap(vec2(1.0, -1.0) - q, c);\n"
		"	tap(vec2(-1.0, 0.0) - q, e);\n"
		"	tap(-q, f);\n"
		"	tap(vec2(1.0, 0.0) - q, g);\n"
		"	tap(vec2(2.0, 0.0) - q, h);\n"
		"	tap(vec2(-1.0, 1.0) - q, i);\n"
		"	tap(vec2(0.0, 1.0) - q, j);\n"
		"	tap(vec2(1.0, 1.0) - q, k);\n"
		"	tap(vec2(2.0, 1.0) - q, l);\n"
		"	tap(vec2(0.0, 2.0) - q, n);\n"
		"	tap(vec2(1.0, 2.0) - q, o);\n"
		"	vec3 low = min(min(f, g), min(j, k)), high = max(max(f, g), max(j, k));\n"
		"	color = vec4(clamp(sum / weights, low, high), 1.0);\n"
		"}\n";

/*
 * RCAS: a pixel minus its four neighbours (the ring), with the greatest weight that brings no
 * channel out of what the ring and the pixel span, at most 3/16 each. p is a pixel of EASU's
 * picture.
 */
#define RCAS_SHARPNESS "0.87" /* of 1; 2 to the minus 0.2, as AMD's sample sets it */
#define SHADER_RCAS                                                                  \
	"vec3 sample_picture(vec2 p) {\n"                                            \
	"	ivec2 at = ivec2(floor(p));\n"                                             \
	"	vec3 e = texel(at);\n"                                                     \
	"	vec3 b = texel(at + ivec2(0, -1)), d = texel(at + ivec2(-1, 0));\n"        \
	"	vec3 f = texel(at + ivec2(1, 0)), h = texel(at + ivec2(0, 1));\n"          \
	"	vec3 low = min(min(b, d), min(f, h)), high = max(max(b, d), max(f, h));\n" \
	"	vec3 down = min(low, e) / max(4.0 * high, 1.0 / 65536.0);\n"               \
	"	vec3 up = (1.0 - max(high, e)) / min(4.0 * low - 4.0, -1.0 / 65536.0);\n"  \
	"	vec3 room = max(-down, up);\n"                                             \
	"	float w = max(room.r, max(room.g, room.b));\n"                             \
	"	w = clamp(w, -3.0 / 16.0, 0.0) * " RCAS_SHARPNESS ";\n"              \
	"	return clamp((w * (b + d + f + h) + e) / (4.0 * w + 1.0), 0.0, 1.0);\n"    \
	"}\n"
