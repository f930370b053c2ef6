"""Philox4x32-10, as it is published: the source of every random number, for the scripts that write golden values."""

import math


def philox(counter, key):
    """Salmon et al. 2011, section 3.3, in whole numbers without bound."""
    word = 2**32
    c0, c1, c2, c3 = counter
    for turn in range(10):
        k0, k1 = [(k + turn * weyl) % word for k, weyl in zip(key, (0x9E3779B9, 0xBB67AE85))]
        a, b = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = b // word ^ c1 ^ k0, b % word, a // word ^ c3 ^ k1, a % word
    return [c0, c1, c2, c3]


# A published vector (Random123, kat_vectors).
assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def philox_words(key, block, count):
    """The first words of the stream from a block on; each block has four."""
    blocks = [(block + i) % 2**64 for i in range(-(-count // 4))]
    return [word for n in blocks for word in philox([n % 2**32, n // 2**32, 0, 0], key)][:count]


class Generator:
    """A stream that is fixed by a seed, as `Generator` of @stargrad/tensor is documented: block n is Philox of n."""

    def __init__(self, seed, block=0):
        self.key = [seed % 2**32, seed // 2**32]
        self.block = block

    def words(self, count):
        """So many words, from as many whole blocks as they take."""
        words = philox_words(self.key, self.block, count)
        self.block += -(-count // 4)
        return words

    def uniform(self):
        """53 bits of two words."""
        first, second = self.words(2)
        return ((first >> 5) * 2**26 + (second >> 6)) / 2**53

    def normal(self):
        """Box and Muller's transform."""
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def permutation(self, count):
        """Fisher and Yates' shuffle."""
        order = list(range(count))
        for i in reversed(range(1, count)):
            j = math.floor(self.uniform() * (i + 1))
            order[i], order[j] = order[j], order[i]
        return order

    def split(self):
        return Generator(math.floor(self.uniform() * 2**53))
