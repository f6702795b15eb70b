"""The states of the window that have a picture (tests/integration/gui_states.py), and whether the code has one that has none
(read by tests/integration/docs)."""
import os
import re

# name: (where it is drawn, the texts that stand on it as the code has them). "" = on every desktop.
PICTURES = {
    'waiting': ('', ['%s: %s', 'VMs here: %s. Enter or a click chooses one', 'Hold %s for the keys; on a keyboard without it']),
    'picture': ('', []),
    'tab': ('', ['Settings']),
    'help': ('', ['with %s held:', 'capture the pointer and keyboard, or let them go']),
    'captured': ('', ['CAPTURED', 'Keyboard and mouse belong to the VM: %s lets them go']),
    'paused': ('', ['PAUSED', 'The picture is paused: %s lets it go on']),
    'input-off': ('', ['INPUT OFF', 'Keyboard and mouse are kept from the VM: %s gives them back']),
    'figures': ('', []),
    'panel-1': ('', ['PANEL_PICTURE']),
    'panel-2': ('', ['PANEL_SOUND']),
    'panel-3': ('', ['PANEL_INPUT']),
    'panel-4': ('', ['PANEL_KEYS']),
    'panel-5': ('', ['PANEL_VM']),
    'panel-6': ('', ['PANEL_VMS']),
    'clipboard-used': ('x11', ['CLIPBOARD', 'The VM used the clipboard while the window had no focus: see --clipboard-to-vm and '
                               '--clipboard-to-local']),
    'recorded': ('', ['REC', 'Picture and sound are recorded into %s: %s ends it']),
    'too-small': ('', ['The shared memory is too small for %ux%u: give the VM %u MiB']),
    'frozen': ('', ['OLD PICTURE', 'This is the last picture that came: %s']),
    'ended': ('', ['NO INPUT', 'Keyboard and mouse do not reach the VM: %s']),
    'password': ('', ['The VM asks for a password, then Enter: %s']),
    'password-wrong': ('', ['The VM asks for a password, then Enter: %s']),
    'clipboard-taken': ('', ['Something was copied in the VM: %s takes it over, otherwise your clipboard stays']),
    'clipboard-read': ('x11', ['The VM wants to read your clipboard: %s lets it, otherwise it gets nothing']),
    'files': ('x11', ['Sending %s to the guest: %.0f %% (files left: %u; Esc cancels)']),
    'files-sum': ('x11', ['Files sent: %u of %u. Not sent: %s']),
    'spice-only': ('', ['SPICE', "Only SPICE's picture is shown: %s shows the other one"]),
    'no-host': ('', ['NO HOST', 'This is the SPICE screen: %s']),
    'host-only': ('', ['Picture: %s; %s shows the SPICE screen']),
    'kicked': ('', ['This is the last picture that SPICE sent: %s', 'Nor do keyboard and mouse reach the VM meanwhile']),
    'two-vms': ('', ['TWO VMS', 'Input is off because SPICE belongs to another VM (%s): give --spice the address of the VM that is '
                     'shown']),
    'spice-awaited': ('', ["Waiting for SPICE's picture (%s): %s shows the shared memory again"]),
    'no-device': ('', ['NO DEVICE', 'Devices: %s. They go to the VM as soon as they are there']),
    'no-opengl': ('', ['NO OPENGL', 'The CPU draws the picture, without its best scaling']),
    'no-sound': ('', ['NO SOUND', 'No sound: %s. It begins by itself when that is mended']),
    'microphone-asked': ('', ['The VM wants the microphone: %s+%s gives it, otherwise it stays off']),
    'microphone-on': ('', ['MIC ON', 'The VM hears your microphone: %s takes it away']),
    'muted': ('', ['MUTED', 'The sound is off: %s turns it on']),
    'devices': ('', ['DEVICES', 'The VM has the keyboards and mice given to it: %s, or the keys of --grab-toggle, take them back']),
    'states': ('', ['No SPICE agent runs in the guest: no clipboard, no files to drop', 'Devices', 'Sound']),
    'no-spice': ('', ['SPICE is off, so its picture does not come: %s shows the shared memory again']),
    'patience': ('x11', ['VMs here: %s, and %u more. Enter or a click chooses one', 'Is the Looking Glass host running in Windows? Its '
                         'log:', '`pierglass doctor` checks the whole set-up', '%s: %s (for %u s)']),
}

# Texts that no state of its own has: words within other lines, and where else they are looked at.
ELSEWHERE = {
    'VM': 'the word before a line of patience', 'Picture': 'of waiting', 'Input': 'of waiting',
    '%s%.*s (runs)': 'within the list of VMs', '%s%.*s (off)': 'the same', ', ': 'the same',
    'The VM wants the microphone; --microphone=on gives it': 'without a key for it: test_hud_text',
}


def strings(code):
    """Whole literals of _() and N_(), joined."""
    return [''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', group)).replace('\\\\', '\\')
            for group in re.findall(r'\bN?_\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', code)]


def told(root):
    """Every text of a state: the signs and their sentences, the lines, the pages of the panel."""
    def read(name):
        with open(os.path.join(root, 'client/ui', name), encoding='utf-8') as file:
            return file.read()
    lines = read('hud_text.c')
    lines = lines[:lines.index('static void add_help(')] + lines[lines.index('/* ---- states that last ---- */'):]
    pages = re.findall(r'PANEL_\w+', read('panel.h').split('enum panel_page {')[1].split('}')[0])
    return (strings(read('app_decide.c')) + strings(lines) + strings(read('hud_text.h')) +
            [page for page in pages if page != 'PANEL_PAGE_COUNT'])


DRAWN = [text for _, texts in PICTURES.values() for text in texts]


def without_picture(texts):
    return [text for text in texts if text not in ELSEWHERE and
            not any(text == one or (len(one) > 20 and text.startswith(one)) for one in DRAWN)]


def problems(root):
    found = told(root)
    if len(found) < 50:
        return ['tests/support/picture_states.py finds only %d texts of states: does it still read the code?' % len(found)]
    if not without_picture(['A planted state: %s']):
        return ['tests/support/picture_states.py: a planted state was not found']
    wrong = ['"%s" is a state without a picture: tests/support/picture_states.py' % text for text in without_picture(found)]
    everything = '\n'.join(found) + '\n'
    with open(os.path.join(root, 'client/ui/app_notices.c'), encoding='utf-8') as file:
        everything += '\n'.join(strings(file.read()))
    with open(os.path.join(root, 'client/ui/hud_text.c'), encoding='utf-8') as file:
        everything += '\n'.join(strings(file.read()))
    wrong += ['no state says "%s" any more: tests/support/picture_states.py' % text for text in [*DRAWN, *ELSEWHERE]
              if text not in everything and text != '%s: %s']
    return wrong


def on_screen(text, screen):
    """Whether the pieces between a text's formats stand on a screen whose blanks are gone."""
    return all(re.sub(r'\s', '', piece) in screen for piece in re.split(r'%\.?\d*l*[a-zA-Z%]', text) if len(piece.strip()) > 2)
