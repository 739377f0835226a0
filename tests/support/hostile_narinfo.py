# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_narinfo.py PROGRAM FOLDER CAR CID KEY OTHER_KEY: a closure directory in which each
field of a narinfo lies. OTHER_KEY has the name of KEY and did not sign."""
import base64

import closures
import ipld
import judge

MIB = 1 << 20
SIGNED, UNSIGNED = 'signed', 'unsigned'


class Lies:
    def __init__(self, path, top, key, other_key):
        self.path, self.top = path, top
        self.keys = {SIGNED: ['--trusted-public-keys', key],
                     'wrong key': ['--trusted-public-keys', other_key],
                     UNSIGNED: ['--no-check-sigs']}
        honest = self.closure()
        self.known = honest.nar_hashes()
        # what is asked for, what it refers to, and a path that is content-addressed
        self.main = next(base for base in honest.trees if base.endswith('-hello-2.0'))
        self.lib = next(base for base in honest.trees if base.endswith('-libgreet-1.2'))
        self.shell = next(base for base in honest.trees if base.endswith('-busyshell-0.1'))
        self.text = next(base for base in honest.trees if base.endswith('-greeting.txt'))
        self.store_dir = honest.get(self.main[:32], 'StorePath').rsplit('/', 1)[0]
        self.cases = []

    def closure(self):
        return closures.Closure.read(self.path, self.top)

    def add(self, name, make, *codes, trust=UNSIGNED, says='', known=None, gone=None):
        """make: changes a closure and may return its top; says: a word of the message;
        gone: a path that must not be there afterwards, unless all went well."""
        def case(worker):
            closure = self.closure()
            top = make(closure) or closure.directory()
            worker.wipe()
            file = worker.file('closure.car', closure.car(top))
            result = worker.run('realize', '-q', ipld.cid_text(top), '--from', file, '--store',
                                worker.store.folder, *self.keys[trust])
            problem = judge.check(result, codes)
            problem = problem or worker.store.problem({**self.known, **(known or {})})
            if problem is None and says.encode() not in result.err:
                problem = "no '%s' in: %s" % (says, result.err.decode(errors='replace'))
            if problem is None and result.code and (gone or self.main) in worker.store.valid():
                problem = "'%s' was taken" % (gone or self.main)
            return problem
        self.cases.append((name, case))

    def field(self, name, key, value, *codes, base=None, **more):
        """One value of the narinfo of one path: signed by the right key for another value
        that nobody sees, and where nobody looks at signatures."""
        base = base or self.main

        def make(closure):
            old = closure.get(base[:32], key)
            closure.put(base[:32], key, value(old) if callable(value) else value)
        self.add('%s: %s' % (key, name), make, *codes, gone=base, **more)

    def text_of(self, name, change, *codes, **more):
        """The bytes of a whole narinfo."""
        part = self.main[:32]

        def make(closure):
            text = ''.join('%s: %s\n' % tuple(line) for line in closure.infos[part]).encode()
            return closure.directory({part: change(text)})
        self.add('a narinfo %s' % name, make, *codes, **more)


def paths(t):
    def other_store(old):
        return '/another/store/' + old.rsplit('/', 1)[1]
    t.field('of another path', 'StorePath', '%s/%s' % (t.store_dir, t.lib), 1)
    t.field('of another name', 'StorePath', lambda old: old + 'x', 1, 4)
    t.field('of another store', 'StorePath', other_store, 1, says='another store folder')
    t.field('of another store, signed', 'StorePath', other_store, 1, says='another store folder',
            trust=SIGNED)
    for name, value in (('without a slash', t.main), ('a file in a path', lambda old: old + '/bin'),
                        ('dots', lambda old: old + '/../../../etc'), ('empty', ''),
                        ('not base-32', lambda old: old.replace(t.main[:4], 'eeee')),
                        ('long', lambda old: old + 'x' * 300), ('newline', 'a\n/b'),
                        ('none', None)):
        t.field(name, 'StorePath', value, 1)
    for name, value in (('elsewhere', 'nar/none.nar'), ('outside', '../../../../etc/passwd'),
                        ('http', 'http://127.0.0.1:1/x.nar')):
        t.field(name, 'URL', value, 0)
    t.field('none', 'URL', None, 1)
    t.field('xz', 'Compression', 'xz', 0)
    t.field('unheard of', 'Compression', 'no-such-thing', 0)
    for key in ('FileHash', 'FileSize'):
        t.field('none', key, None, 0)
        t.field('garbage', key, 'garbage', 1)
    t.field('wrong', 'FileHash', 'sha256:' + '0' * 52, 0)
    t.field('wrong', 'FileSize', '1', 0)


def contents(t):
    zero = 'sha256:' + '0' * 52
    for trust in (SIGNED, UNSIGNED):
        t.field('of other contents, %s' % trust, 'NarHash', zero, 3, trust=trust)
        for name, change in (('one less', -1), ('one more', 1), ('1', None), ('half', 0)):
            t.field('%s, %s' % (name, trust), 'NarSize',
                    lambda old, change=change: '1' if change is None else
                    str(int(old) + change if change else int(old) // 2), 3, trust=trust)
        t.field('2^64 - 1, %s' % trust, 'NarSize', str((1 << 64) - 1), 1, 3, trust=trust)
    for name, value in (('cut', lambda old: old[:-1]), ('sha1', 'sha1:' + '0' * 32),
                        ('unknown', 'blake9:' + '0' * 52), ('too much', 'sha256:' + 'z' * 52),
                        ('empty', ''), ('none', None)):
        t.field(name, 'NarHash', value, 1)
    for name, value in (('0', '0'), ('negative', '-1'), ('2^64', str(1 << 64)), ('hex', '0x10'),
                        ('empty', ''), ('none', None)):
        t.field(name, 'NarSize', value, 1)
    t.field('base 16', 'NarHash',
            lambda old: 'sha256:' + closures.from_nix32(old.split(':')[1]).hex(), 0)
    t.field('SRI', 'NarHash', lambda old: 'sha256-' + base64.b64encode(
        closures.from_nix32(old.split(':')[1])).decode(), 0)
    # the tree of another path
    t.add('the tree of another path', lambda c: c.trees.update({t.main: c.trees[t.lib]}), 3)
    t.add('trees exchanged', lambda c: c.trees.update(
        {t.main: c.trees[t.lib], t.lib: c.trees[t.main]}), 3)
    t.add('no tree', lambda c: c.trees.pop(t.main) and None, 1)


def references(t):
    missing = '0' * 32 + '-none'
    drop = lambda old: ' '.join(old.split()[1:])
    t.field('one less', 'References', drop, 3, trust=SIGNED)
    t.field('one less, unsigned', 'References', drop, 0)
    t.field('none, signed', 'References', '', 3, trust=SIGNED)
    t.field('one more', 'References', lambda old: old + ' ' + t.shell, 3, trust=SIGNED, base=t.lib)
    t.field('one more, unsigned', 'References', lambda old: old + ' ' + t.shell, 0, base=t.lib)
    t.field('one that is not included', 'References', lambda old: old + ' ' + missing, 4)
    t.field('one that is not included, signed', 'References',
            lambda old: old + ' ' + missing, 3, 4, trust=SIGNED)
    t.field('itself', 'References', lambda old: old + ' ' + t.main, 0)
    t.field('only itself', 'References', t.main, 0)
    t.field('one twice', 'References', lambda old: old + ' ' + old.split()[0], 0)
    t.field('any order', 'References', lambda old: ' '.join(reversed(old.split())), 0, trust=SIGNED)
    t.field('blanks', 'References', lambda old: '  ' + old.replace(' ', '   ') + ' ', 0)
    t.field('a circle', 'References', t.main, 1, base=t.lib, says='circle')
    t.field('with a folder', 'References', lambda old: t.store_dir + '/' + old, 1)
    t.field('dots', 'References', '../../etc', 1)
    t.field('garbage', 'References', '\x01\x02', 1)
    t.field('100,000 of them', 'References',
            ' '.join('%s-x' % ipld.nix32(b'%020d' % i) for i in range(100000)), 1)
    t.field('10,000 of them', 'References',
            ' '.join('%s-x' % ipld.nix32(b'%020d' % i) for i in range(10000)), 4)
    t.field('none', 'References', None, 0)


def sayings(t):
    for trust in (SIGNED, UNSIGNED):
        t.field('another, %s' % trust, 'Deriver', '0' * 32 + '-none.drv', 0, trust=trust)
        t.field('unknown, %s' % trust, 'Deriver', 'unknown-deriver', 0, trust=trust)
        t.field('none, %s' % trust, 'Deriver', None, 0, trust=trust)
    t.field('outside', 'Deriver', '../../etc/passwd', 1)
    t.field('garbage', 'Deriver', '\x7f\x01', 1)
    # signatures
    bad = 'first-1:' + base64.b64encode(bytes(64)).decode()
    t.field('of zeros', 'Sig', bad, 3, trust=SIGNED)
    t.field('that is another key\'s of that name', 'Sig', lambda old: old, 3, trust='wrong key')
    t.field('of another path', 'Sig', lambda old: 'first-1:' + 'A' * 86 + '==', 3, trust=SIGNED)
    for name, value, codes in (
            ('cut', lambda old: old[:-4], (1, 3)), ('no name', lambda old: old.split(':')[1], (1, 3)),
            ('no key', 'first-1:', (1, 3)), ('no colon', 'first-1', (1, 3)),
            ('no base-64', 'first-1:' + '!' * 88, (1, 3)), ('empty', '', (1, 3)),
            ('a megabyte less', 'first-1:' + 'A' * (MIB - 4096), (1, 3)), ('none', None, (1,))):
        t.field(name, 'Sig', value, *codes, trust=SIGNED)
    t.field('of an unknown key', 'Sig', lambda old: old.replace('first-1', 'someone-1'), 1,
            trust=SIGNED, says='someone-1')
    t.field('of an unknown key, beside the right one', 'Sig',
            lambda old: bad.replace('first', 'other') + '\nSig: ' + old, 0, trust=SIGNED)
    t.field('a wrong one beside the right one', 'Sig', lambda old: bad + '\nSig: ' + old, 0,
            trust=SIGNED)
    t.field('10,000 wrong ones', 'Sig', '\nSig: '.join([bad] * 10000), 1, 3, trust=SIGNED)
    # content addresses
    for trust in (SIGNED, UNSIGNED):
        t.field('right, %s' % trust, 'CA', lambda old: old, 0, trust=trust, base=t.text)
        t.field('of another hash, %s' % trust, 'CA', 'text:sha256:' + '0' * 52, 3, trust=trust,
                base=t.text)
        t.field('of another method, %s' % trust, 'CA',
                lambda old: old.replace('text', 'fixed:r'), 3, trust=trust, base=t.text)
        t.field('where there is none, %s' % trust, 'CA', 'fixed:r:sha256:' + '0' * 52, 3, trust=trust)
        t.field('garbage, %s' % trust, 'CA', 'garbage', 1, 3, trust=trust, base=t.text)
    t.add('CA: other contents of a content-addressed path', lambda c: c.set_tree(
        t.text, c.blocks.put(ipld.RAW, b'evil'), ipld.nar(('file', b'evil'))), 3, gone=t.text)
    t.add('CA: right and not signed', lambda c: c.put(t.text[:32], 'Sig', None), 0, trust=SIGNED)


def texts(t):
    t.text_of('that is empty', lambda text: b'', 1)
    t.text_of('that is not UTF-8', lambda text: b'\xff\xfe' + text, 1)
    t.text_of('with an unknown key', lambda text: text + b'Unheard: of\n', 0)
    t.text_of('with a key that is not UTF-8', lambda text: text + b'\xff\xfe: \xff\n', 0)
    t.text_of('with a zero byte', lambda text: text + b'Key: a\0b\n', 1)
    t.text_of('without the last newline', lambda text: text[:-1], 1)
    t.text_of('with CR', lambda text: text.replace(b'\n', b'\r\n'), 1)
    t.text_of('without blanks', lambda text: text.replace(b': ', b':'), 1)
    t.text_of('that is twice there', lambda text: text + text, 0, 1)
    t.text_of('that is binary', lambda text: bytes(range(256)) * 16, 1)
    t.text_of('of a megabyte', lambda text: text + b'Key: ' + b'x' * (MIB - len(text) - 6) + b'\n', 0)
    t.text_of('over a megabyte', lambda text: text + b'Key: ' + b'x' * (MIB - len(text) - 5) + b'\n', 1)
    t.text_of('of 600,000 lines', lambda text: b'\n' * 600000, 1)
    # a narinfo that is something else

    def other(name, make, *codes):
        def build(c):
            return c.directory({t.main[:32]: make(c.blocks)})
        t.add('a narinfo that is %s' % name, build, *codes)

    def endless(blocks):
        part, size = blocks.put(ipld.RAW, bytes(MIB)), MIB
        for _ in range(40):
            part, size = blocks.file([part, part], [size, size]), 2 * size
        return part
    other('a directory', lambda blocks: blocks.directory([]), 1)
    other('a symlink', lambda blocks: blocks.symlink(b'/etc/passwd'), 1)
    other('a file of 2^60 bytes', endless, 1)


def directory(t):
    def results(**more):
        return lambda c: c.results.clear() or c.results.update(
            {name.replace('_', '-'): target for name, target in more.items()})
    for name, target, codes in (
            ('that leads outside', b'store/../../../etc', (1,)),
            ('that is absolute', b'/etc/passwd', (1,)), ('that is empty', b'', (1,)),
            ('that leads nowhere', b'store/' + b'0' * 32 + b'-none', (4,)),
            ('into a path', b'store/' + t.main.encode() + b'/bin', (1,)),
            ('of 5000 bytes', b'store/' + b'x' * 5000, (1,))):
        t.add('a result %s' % name, results(result=target), *codes)
    t.add('a result too many', results(result=b'store/' + t.main.encode(),
                                       result_1=b'store/' + b'0' * 32 + b'-x'), 4)
    t.add('no result', results(), 2)
    for name, make in (('a file', lambda b: b.put(ipld.RAW, b'x')),
                       ('a symlink', lambda b: b.symlink(b'x')),
                       ('empty', lambda b: b.directory([]))):
        t.add('store is %s' % name, lambda c, make=make: c.directory(store=make(c.blocks)), 1)
    t.add('store is there twice', lambda c: c.directory(
        more=[(b'store', c.blocks.directory([]))]), 1)
    t.add('a narinfo is there twice', lambda c: c.directory(
        more=[(t.main[:32].encode() + b'.narinfo', c.blocks.put(ipld.RAW, b'x'))]), 1)
    t.add('more entries', lambda c: c.directory(
        more=[(b'zzz', c.blocks.directory([])), (b'README', c.blocks.put(ipld.RAW, b'x'))]), 0)
    for name in (b'..', b'.', b'', b'a/b', b'a\0b'):
        t.add('an entry %r' % name, lambda c, name=name: c.directory(
            more=[(name, c.blocks.put(ipld.RAW, b'x'))]), 1)
    t.add('a narinfo of nothing in store', lambda c: c.infos.update(
        {'1' * 32: [['StorePath', '%s/%s-x' % (t.store_dir, '1' * 32)]]}), 0)
    t.add('a closure that is a file', lambda c: c.blocks.put(ipld.RAW, b'x'), 1)
    t.add('a closure that is empty', lambda c: c.blocks.directory([]), 1)


def cases(*args):
    t = Lies(*args)
    for kind in (paths, contents, references, sayings, texts, directory):
        kind(t)
    return t.cases


if __name__ == '__main__':
    judge.main(cases)
