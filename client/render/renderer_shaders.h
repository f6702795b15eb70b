/*
 * The shaders, GLSL ES 3.00. Positions are window pixels from the top left, image positions are
 * image pixels; both at pixel centres (n + 0.5).
 */
#pragma once

#include "client/render/renderer_shaders_fsr.h"

/* One triangle that covers everything; the scissor says where. */
static const char shader_cover[] = "void main() {\n"
				   "	vec2 p = vec2(float((gl_VertexID & 1) << 2) - 1.0,\n"
				   "			float((gl_VertexID & 2) << 1) - 1.0);\n"
				   "	gl_Position = vec4(p, 0.0, 1.0);\n"
				   "}\n";

/*
 * FILTER 0 nearest, 1 linear (the sampler's), 2 second pass of shrinking, 3 growing, 4 second pass
 * of FSR (client/render/renderer_shaders_fsr.h).
 *
 * Growing is the Catmull-Rom cubic over 4 x 4 pixels, clamped to the four nearest, so that it does
 * not ring. Shrinking is a separable cubic of Keys 1981 ("Cubic convolution interpolation for
 * digital image processing", a = -0.35) stretched towards the scale, which is the low-pass filter
 * that the smaller picture needs: along x in a first pass (shader_shrink), along y in the second.
 * Both numbers were found with tests/client/render/test_renderer_scale.c: a stretch of less than
 * three quarters aliases, more blurs.
 */
#define SHADER_CUBIC                                               \
	"float stretched(float shrink) {\n"                        \
	"	return 1.0 + 0.75 * (clamp(shrink, 1.0, 16.0) - 1.0);\n" \
	"}\n"                                                      \
	"float cubic(float x) {\n"                                 \
	"	x = abs(x);\n"                                           \
	"	float near = (1.65 * x - 2.65) * x * x + 1.0;\n"         \
	"	float far = ((-0.35 * x + 1.75) * x - 2.8) * x + 1.4;\n" \
	"	return x < 1.0 ? near : x < 2.0 ? far : 0.0;\n"          \
	"}\n"

static const char shader_sample[] =
		"uniform sampler2D picture;\n"
		"uniform vec4 to_image;\n"
		"uniform vec2 to_image_b;\n"
		"uniform vec2 size;\n"
		"uniform vec2 flip;\n"
		"vec2 window_at() {\n"
		"	return vec2(gl_FragCoord.x, flip.x + flip.y * gl_FragCoord.y);\n"
		"}\n"
		"vec2 image_at(vec2 w) {\n"
		"	return vec2(dot(to_image.xy, w), dot(to_image.zw, w)) + to_image_b;\n"
		"}\n"
		"vec3 texel(ivec2 p) {\n"
		"	return texelFetch(picture, clamp(p, ivec2(0), ivec2(size) - 1), 0).rgb;\n"
		"}\n"
		"#if FILTER == 0\n"
		"vec3 sample_picture(vec2 p) {\n"
		"	return texel(ivec2(floor(p)));\n"
		"}\n"
		"#elif FILTER == 1\n"
		"vec3 sample_picture(vec2 p) {\n"
		"	return texture(picture, p / size).rgb;\n"
		"}\n"
		"#elif FILTER == 2\n" SHADER_CUBIC "uniform vec2 shrink;\n"
		"vec3 sample_picture(vec2 p) {\n"
		"	float scale = stretched(shrink.y);\n"
		"	int x = int(floor(p.x));\n"
		"	int first = int(floor(p.y - 2.0 * scale + 0.5));\n"
		"	int last = int(floor(p.y + 2.0 * scale - 0.5));\n"
		"	vec3 sum = vec3(0.0);\n"
		"	float weights = 0.0;\n"
		"	for (int y = first; y <= last; y++) {\n"
		"		float w = cubic((float(y) + 0.5 - p.y) / scale);\n"
		"		sum += w * texel(ivec2(x, y));\n"
		"		weights += w;\n"
		"	}\n"
		"	return clamp(sum / weights, 0.0, 1.0);\n"
		"}\n"
		"#elif FILTER == 4\n" SHADER_RCAS "#else\n"
		"vec4 catmull(float t) {\n"
		"	float t2 = t * t, t3 = t2 * t;\n"
		"	return 0.5 * vec4(-t3 + 2.0 * t2 - t, 3.0 * t3 - 5.0 * t2 + 2.0,\n"
		"			-3.0 * t3 + 4.0 * t2 + t, t3 - t2);\n"
		"}\n"
		"vec3 sample_picture(vec2 p) {\n"
		"	vec2 c = p - 0.5;\n"
		"	ivec2 base = ivec2(floor(c));\n"
		"	vec4 wx = catmull(c.x - float(base.x));\n"
		"	vec4 wy = catmull(c.y - float(base.y));\n"
		"	vec3 sum = vec3(0.0), low = vec3(1.0), high = vec3(0.0);\n"
		"	for (int y = 0; y < 4; y++) {\n"
		"		for (int x = 0; x < 4; x++) {\n"
		"			vec3 v = texel(base + ivec2(x - 1, y - 1));\n"
		"			sum += wx[x] * wy[y] * v;\n"
		"			if ((x == 1 || x == 2) && (y == 1 || y == 2)) {\n"
		"				low = min(low, v);\n"
		"				high = max(high, v);\n"
		"			}\n"
		"		}\n"
		"	}\n"
		"	return clamp(sum, low, high);\n"
		"}\n"
		"#endif\n";

static const char shader_picture[] =
		"uniform float dim;\n"
		"out vec4 color;\n"
		"void main() {\n"
		"	color = vec4(sample_picture(image_at(window_at())) * dim, 1.0);\n"
		"}\n";

/* First pass of shrinking: image -> a picture of the final width and the image's height. */
static const char shader_shrink[] =
		"uniform sampler2D picture;\n"
		"uniform vec2 size;\n"
		"uniform vec2 shrink;\n"
		"out vec4 color;\n" SHADER_CUBIC "void main() {\n"
		"	float scale = stretched(shrink.x);\n"
		"	float p = gl_FragCoord.x * shrink.x;\n"
		"	int y = int(gl_FragCoord.y);\n"
		"	int first = int(floor(p - 2.0 * scale + 0.5));\n"
		"	int last = int(floor(p + 2.0 * scale - 0.5));\n"
		"	int edge = int(size.x) - 1;\n"
		"	vec3 sum = vec3(0.0);\n"
		"	float weights = 0.0;\n"
		"	for (int x = first; x <= last; x++) {\n"
		"		float w = cubic((float(x) + 0.5 - p) / scale);\n"
		"		sum += w * texelFetch(picture, ivec2(clamp(x, 0, edge), y), 0).rgb;\n"
		"		weights += w;\n"
		"	}\n"
		"	color = vec4(sum / weights, 1.0);\n"
		"}\n";

/* screen = (screen * (1 - color.a) + color.rgb) XOR invert. With INVERT the screen's pixels, copied
 * from it just before, are read, so that the exclusive or is one of 8 bit numbers and of what is
 * really there; else the blender does it. */
static const char shader_pointer[] =
		"uniform sampler2D pointer_color;\n"
		"uniform sampler2D pointer_invert;\n"
		"uniform sampler2D under;\n"
		"uniform vec2 under_at;\n"
		"uniform vec2 flip;\n"
		"uniform vec4 pointer;\n"
		"uniform vec2 pointer_b;\n"
		"out vec4 color;\n"
		"void main() {\n"
		"	vec2 w = vec2(gl_FragCoord.x, flip.x + flip.y * gl_FragCoord.y);\n"
		"	vec2 p = vec2(dot(pointer.xy, w), dot(pointer.zw, w)) + pointer_b;\n"
		"	ivec2 side = textureSize(pointer_color, 0);\n"
		"	ivec2 at = clamp(ivec2(floor(p)), ivec2(0), side - 1);\n"
		"	vec4 c = texelFetch(pointer_color, at, 0);\n"
		"#if INVERT\n"
		"	vec4 i = texelFetch(pointer_invert, at, 0);\n"
		"	vec3 s = texelFetch(under, ivec2(gl_FragCoord.xy - under_at), 0).rgb;\n"
		"	uvec3 u = uvec3(min(s * (1.0 - c.a) + c.rgb, 1.0) * 255.0 + 0.5);\n"
		"	u ^= uvec3(i.rgb * 255.0 + 0.5);\n"
		"	color = vec4(vec3(u) / 255.0, 1.0);\n"
		"#else\n"
		"	color = c;\n"
		"#endif\n"
		"}\n";

/*
 * raw -> shown. KIND 1: B, G, R bytes carried in 4-byte texels (kvmfr.md 3.3). KIND 2: scRGB, 1.0
 * is 80 cd/m2. KIND 3: linear, 1.0 is SDR white. KIND 4: PQ (SMPTE ST 2084) with BT.2020 primaries.
 * KIND 5: values as they are.
 *
 * Tone mapping, on the largest channel so that hues stay: below KNEE of the display's peak nothing
 * changes; above it the rest of the range holds everything up to the content's peak, by the curve
 * of Reinhard et al. 2002 (equation 4), which has slope 1 at the knee.
 */
static const char shader_convert[] =
		"uniform sampler2D raw;\n"
		"uniform float peak;\n"
		"uniform float max_cll;\n"
		"out vec4 color;\n"
		"#if KIND == 1\n"
		"float byte_at(int i, int y) {\n"
		"	vec4 t = texelFetch(raw, ivec2(i >> 2, y), 0);\n"
		"	return t[i & 3];\n"
		"}\n"
		"void main() {\n"
		"	ivec2 p = ivec2(gl_FragCoord.xy);\n"
		"	int i = 3 * p.x;\n"
		"	color = vec4(byte_at(i + 2, p.y), byte_at(i + 1, p.y), byte_at(i, p.y), 1.0);\n"
		"}\n"
		"#else\n"
		"#define KNEE 0.9\n"
		"vec3 encode(vec3 v) {\n"
		"	vec3 low = v * 12.92;\n"
		"	vec3 high = 1.055 * pow(max(v, vec3(0.0031308)), vec3(1.0 / 2.4)) - 0.055;\n"
		"	return mix(high, low, vec3(lessThanEqual(v, vec3(0.0031308))));\n"
		"}\n"
		"vec3 tone_map(vec3 nits) {\n"
		"	vec3 v = max(nits / peak, vec3(0.0));\n"
		"	float m = max(max(v.r, v.g), v.b);\n"
		"	if (m > KNEE && max_cll > peak) {\n"
		"		float t = (m - KNEE) / (1.0 - KNEE);\n"
		"		float top = (max_cll / peak - KNEE) / (1.0 - KNEE);\n"
		"		float y = t * (1.0 + t / (top * top)) / (1.0 + t);\n"
		"		v *= (KNEE + (1.0 - KNEE) * min(y, 1.0)) / m;\n"
		"	}\n"
		"	return min(v, vec3(1.0));\n"
		"}\n"
		"vec3 pq_nits(vec3 e) {\n"
		"	const float m1 = 0.1593017578125, m2 = 78.84375;\n"
		"	const float c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;\n"
		"	vec3 p = pow(clamp(e, 0.0, 1.0), vec3(1.0 / m2));\n"
		"	return 10000.0 * pow(max(p - c1, 0.0) / (c2 - c3 * p), vec3(1.0 / m1));\n"
		"}\n"
		"/* BT.2020 -> BT.709, linear (BT.2087) */\n"
		"vec3 narrow(vec3 v) {\n"
		"	return vec3(dot(v, vec3(1.660491, -0.587641, -0.072850)),\n"
		"			dot(v, vec3(-0.124550, 1.132900, -0.008349)),\n"
		"			dot(v, vec3(-0.018151, -0.100579, 1.118730)));\n"
		"}\n"
		"void main() {\n"
		"	vec3 v = texelFetch(raw, ivec2(gl_FragCoord.xy), 0).rgb;\n"
		"	v = mix(v, vec3(0.0), vec3(isnan(v)));\n"
		"	v = clamp(v, -65504.0, 65504.0);\n"
		"#if KIND == 2\n"
		"	v = encode(tone_map(v * 80.0));\n"
		"#elif KIND == 3\n"
		"	v = encode(clamp(v, 0.0, 1.0));\n"
		"#elif KIND == 4\n"
		"	v = encode(tone_map(narrow(pq_nits(v))));\n"
		"#else\n"
		"	v = clamp(v, 0.0, 1.0);\n"
		"#endif\n"
		"	color = vec4(v, 1.0);\n"
		"}\n"
		"#endif\n";

static const char shader_overlay_vertex[] =
		"layout(location = 0) in vec2 position;\n"
		"layout(location = 1) in vec2 glyph;\n"
		"layout(location = 2) in vec4 tint;\n"
		"uniform vec2 scale;\n"
		"uniform vec2 offset;\n"
		"out vec2 uv;\n"
		"out vec4 ink;\n"
		"void main() {\n"
		"	uv = glyph;\n"
		"	ink = tint;\n"
		"	gl_Position = vec4(position * scale + offset, 0.0, 1.0);\n"
		"}\n";

static const char shader_overlay_fragment[] =
		"uniform sampler2D atlas;\n"
		"in vec2 uv;\n"
		"in vec4 ink;\n"
		"out vec4 color;\n"
		"void main() {\n"
		"	float a = uv.x < 0.0 ? 1.0 : texture(atlas, uv).r;\n"
		"	color = vec4(ink.rgb, ink.a * a);\n"
		"}\n";
