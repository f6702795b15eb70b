#!/usr/bin/env python3
"""Writes scream-*.bin (one UDP payload per file) and scream-shm-*.bin beside itself.

Deterministic, standard library only.  Usage: python3 scream-golden.py [outdir]
Tone in valid packets: channel c carries a sine of (250 * (c + 1)) Hz, amplitude
0.25 of full scale, phase 0 at frame 0 of the packet, rounded half away from zero.
"""
import math, os, struct, sys

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
LINES = []


def rate_code(rate):
    return rate // 48000 if rate % 44100 else 128 + rate // 44100


def header(code, bits, channels, mask):
    return struct.pack('<BBBH', code, bits, channels, mask)


def sample(v, bits):
    full = (1 << (bits - 1)) - 1
    n = int(math.floor(abs(v) * full + 0.5))
    n = -n if v < 0 else n
    return (n & ((1 << bits) - 1)).to_bytes(bits // 8, 'little')


def tone(rate, bits, channels, nbytes, first=0):
    """nbytes of interleaved tone starting at byte 'first' of the endless stream."""
    fs = bits // 8 * channels
    out = b''
    frame = first // fs
    while len(out) < nbytes + first % fs:
        for c in range(channels):
            out += sample(0.25 * math.sin(2 * math.pi * 250 * (c + 1) * frame / rate), bits)
        frame += 1
    return out[first % fs:first % fs + nbytes]


def put(name, data, note):
    with open(os.path.join(OUT, 'scream-' + name + '.bin'), 'wb') as f:
        f.write(data)
    LINES.append((name, len(data), note))


def good(name, rate, bits, channels, mask, note, nbytes=1152, first=0):
    put(name, header(rate_code(rate), bits, channels, mask) + tone(rate, bits, channels, nbytes, first), note)


# ---- valid -------------------------------------------------------------
good('s16-48000-2', 48000, 16, 2, 0x003, 'ACCEPT, 288 frames, FL FR')
good('s16-44100-2', 44100, 16, 2, 0x003, 'ACCEPT, 288 frames, FL FR (rate byte 0x81)')
good('s24-96000-2', 96000, 24, 2, 0x003, 'ACCEPT, 192 frames, packed 24 bit')
good('s32-192000-2', 192000, 32, 2, 0x003, 'ACCEPT, 144 frames (rate byte 0x04)')
good('s16-88200-2', 88200, 16, 2, 0x003, 'ACCEPT, 288 frames (rate byte 0x82)')
good('s16-48000-1', 48000, 16, 1, 0x004, 'ACCEPT, 576 frames, mono (mask = FC)')
good('s16-48000-4', 48000, 16, 4, 0x033, 'ACCEPT, 144 frames, FL FR RL RR')
good('s16-48000-6', 48000, 16, 6, 0x03f, 'ACCEPT, 96 frames, 5.1 with back speakers')
good('s16-48000-6-side', 48000, 16, 6, 0x60f, 'ACCEPT, 96 frames, 5.1 with side speakers')
good('s24-48000-8', 48000, 24, 8, 0x63f, 'ACCEPT, 48 frames, 7.1 FL FR FC LFE RL RR SL SR')
good('s32-44100-8', 44100, 32, 8, 0x63f, 'ACCEPT, 36 frames, 7.1')
good('s16-48000-2-next', 48000, 16, 2, 0x003, 'ACCEPT, the packet that follows s16-48000-2', first=1152)
put('s16-48000-2-silence', header(1, 16, 2, 3) + bytes(1152), 'ACCEPT, 288 frames of digital silence')
good('s16-48000-2-mask0', 48000, 16, 2, 0x000, 'ACCEPT, mask 0: fall back to FL FR')
good('s16-48000-2-short', 48000, 16, 2, 0x003, 'ACCEPT, 100 frames: shorter than usual but whole frames', nbytes=400)
good('s16-48000-5', 48000, 16, 5, 0x037, 'REJECT (or carry, section 1.6): 1152 is not a multiple of 10')
good('s16-48000-4-dupmask', 48000, 16, 4, 0x003, 'ACCEPT, mask has too few bits: default 4-channel map')
good('s16-48000-2-widemask', 48000, 16, 2, 0xffff, 'ACCEPT, more bits than channels: lowest two used, FL FR')
# ---- malformed ---------------------------------------------------------
T = tone(48000, 16, 2, 1152)
put('bad-empty', b'', 'REJECT short (0 bytes)')
put('bad-4bytes', header(1, 16, 2, 3)[:4], 'REJECT short (4 bytes)')
put('bad-headeronly', header(1, 16, 2, 3), 'REJECT empty payload')
put('bad-1byte-pcm', header(1, 16, 2, 3) + b'\x55', 'REJECT payload not whole frames')
put('bad-1151', header(1, 16, 2, 3) + T[:1151], 'REJECT payload not whole frames')
put('bad-1153', header(1, 16, 2, 3) + T + b'\0', 'REJECT oversize (payload over 1152)')
put('bad-9000', header(1, 16, 2, 3) + tone(48000, 16, 2, 8995), 'REJECT oversize (jumbo)')
put('bad-rate0', header(0x00, 16, 2, 3) + T, 'REJECT rate multiplier 0 (48k base)')
put('bad-rate128', header(0x80, 16, 2, 3) + T, 'REJECT rate multiplier 0 (44.1k base)')
put('bad-rate5', header(0x05, 16, 2, 3) + T, 'REJECT 240 kHz: above 192 kHz')
put('bad-rate127', header(0x7f, 16, 2, 3) + T, 'REJECT 6096 kHz')
put('bad-rate255', header(0xff, 16, 2, 3) + T, 'REJECT 5600.7 kHz')
put('bad-bits0', header(1, 0, 2, 3) + T, 'REJECT sample size 0')
put('bad-bits8', header(1, 8, 2, 3) + T, 'REJECT sample size 8')
put('bad-bits20', header(1, 20, 2, 3) + T, 'REJECT sample size 20')
put('bad-bits64', header(1, 64, 2, 3) + T, 'REJECT sample size 64')
put('bad-ch0', header(1, 16, 0, 3) + T, 'REJECT 0 channels')
put('bad-ch9', header(1, 16, 9, 0x7ff) + T[:1152 // 18 * 18], 'REJECT 9 channels')
put('bad-ch33', header(1, 16, 33, 3) + T[:1122], 'REJECT 33 channels')
put('bad-ch255', header(1, 16, 255, 0xffff) + T[:1020], 'REJECT 255 channels')
put('bad-allff', b'\xff' * 1157, 'REJECT every field out of range')
# ---- shared memory images (section 1.9): 16 KiB, 4 slots of 3840 bytes --------


def shm(name, note, magic=0x11112014, widx=2, off=24, maxc=4, chunk=3840, code=1, bits=16, ch=2, mask=3):
    img = bytearray(16384)
    head = struct.pack('<IHBxHxxIBBBxHxx', magic, widx, off, maxc, chunk, code, bits, ch, mask)
    assert len(head) == 24
    img[:24] = head
    for k in range(4):  # slot k holds the k-th 20 ms of the tone
        img[24 + k * 3840:24 + (k + 1) * 3840] = tone(48000, 16, 2, 3840, k * 3840)
    put('shm-' + name, bytes(img), note)


shm('s16-48000-2', 'ACCEPT, newest complete slot is 2')
shm('wrap', 'ACCEPT, newest complete slot is 0 (wrapped)', widx=0)
shm('closed', 'WAIT: magic 0, sender ended', magic=0)
shm('bad-widx', 'REJECT write index 4 is not below max_chunks 4', widx=4)
shm('bad-maxchunks', 'REJECT 4096 slots do not fit the mapping', maxc=4096)
shm('bad-maxchunks0', 'REJECT 0 slots', maxc=0)
shm('bad-chunk0', 'REJECT slot size 0', chunk=0)
shm('bad-chunk-odd', 'REJECT slot size not whole frames', chunk=3839)
shm('bad-chunk-huge', 'REJECT 4 * 0x40000000 overflows 32 bits', chunk=0x40000000)
shm('bad-offset', 'REJECT data offset 8 lies inside the header', off=8)
shm('bad-ch0', 'WAIT or REJECT: 0 channels', ch=0)

with open(os.path.join(OUT, 'README.md'), 'w') as f:
    f.write('# Scream golden packets\n\n'
            'Written by `scream-golden.py` (deterministic; run it again to rebuild). One UDP payload per\n'
            '`scream-*.bin`; `scream-shm-*.bin` are whole shared memory images. ACCEPT / REJECT / WAIT is what a\n'
            'receiver built from `scream-audio.md` must do. A REJECT is counted, never fatal, and never changes the\n'
            'running format. PCM in valid packets: channel c holds a sine of 250*(c+1) Hz at 0.25 of full scale.\n\n')
    for name, size, note in LINES:
        f.write('- `scream-%s.bin` %d bytes: %s\n' % (name, size, note))
