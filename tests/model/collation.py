"""utf8mb4_general_ci and utf8mb4_bin for the characters that the generator uses: comparison, LIKE."""

# Letters whose weight is that of a plain one. utf8mb4_general_ci knows many more; the generator does not use them.
PLAIN = {"é": "E", "É": "E", "ü": "U", "Ü": "U", "ñ": "N", "Ñ": "N", "ß": "S"}
ABOVE_BMP = 0xFFFD  # all characters beyond 16 bits weigh the same


def weight(character, folds):
    if not folds:
        return ord(character)
    if ord(character) > 0xFFFF:
        return ABOVE_BMP
    if character in PLAIN:
        return ord(PLAIN[character])
    return ord(character.upper()) if character.isascii() else ord(character)


class Key:
    """Compares as if the shorter text went on with spaces (PAD SPACE)."""

    def __init__(self, weights):
        while weights and weights[-1] == 0x20:
            weights.pop()
        self.weights = tuple(weights)

    def __eq__(self, other):
        return isinstance(other, Key) and self.weights == other.weights

    def __hash__(self):
        return hash(self.weights)

    def __lt__(self, other):
        for mine, its in zip(self.weights, other.weights):
            if mine != its:
                return mine < its
        longer = self.weights if len(self.weights) > len(other.weights) else other.weights
        rest = longer[min(len(self.weights), len(other.weights)):]
        for one in rest:
            if one != 0x20:
                return (one < 0x20) == (longer is self.weights)
        return False

    def __le__(self, other):
        return self == other or self < other

    def __repr__(self):
        return "Key(" + "".join(map(chr, self.weights)) + ")"


def key(text, folds):
    return Key([weight(character, folds) for character in text])


def pattern_tokens(pattern, weigh):
    """LIKE's pattern: "any", "one", or a weight that has to be met. No pattern ends in a lone backslash here."""
    tokens, position = [], 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\" and position + 1 < len(pattern):
            position += 1
            tokens.append(weigh(pattern[position]))
        elif character == "%":
            tokens.append("any")
        elif character == "_":
            tokens.append("one")
        else:
            tokens.append(weigh(character))
        position += 1
    return tokens


def matches(text, pattern, folds):
    """Whether the text is LIKE the pattern; spaces at the end count. folds None: bytes."""
    if folds is None:
        text, pattern = text.decode("latin-1"), pattern.decode("latin-1")

    def weigh(character):
        return weight(character, bool(folds))

    weights = [weigh(character) for character in text]
    reached = {0}  # the places in the text at which the tokens so far may end
    for token in pattern_tokens(pattern, weigh):
        if token == "any":
            reached = set(range(min(reached), len(weights) + 1)) if reached else set()
        else:
            reached = {place + 1 for place in reached
                       if place < len(weights) and token in ("one", weights[place])}
    return len(weights) in reached


def literally(text):
    """The text as a pattern that means itself."""
    return "".join("\\" + character if character in "%_\\" else character for character in text)
