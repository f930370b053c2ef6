/** How BERT changes a text before it is divided into words. */
export interface BertNormalizer {
  /** Whether control characters are left out, and white space becomes spaces. */
  readonly cleanText: boolean;
  /** Whether each Chinese character is a word. */
  readonly handleChineseCharacters: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** CJK ideographs, as Hugging Face's tokenizers count them. */
const chinese =
  /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** Source: Devlin et al., BERT; the BertNormalizer of Hugging Face's tokenizers */
export function normalizeForBert(text: string, options: BertNormalizer): string {
  let result = text;
  if (options.cleanText) {
    result = result
      .replace(/[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "")
      .replace(/\p{White_Space}/gu, " ");
  }
  if (options.handleChineseCharacters) result = result.replace(chinese, " $& ");
  if (options.stripAccents) result = result.normalize("NFD").replace(/\p{Mn}/gu, "");
  // Character by character: a whole text would have the form that sigma has at the end of words.
  return options.lowercase ? Array.from(result, (character) => character.toLowerCase()).join("") : result;
}

/** The words between white space; each character of punctuation is a word. */
export function wordsForBert(text: string): string[] {
  return text.match(/[!-/:-@[-`{-~]|\p{P}|(?:(?![!-/:-@[-`{-~]|\p{P})\P{White_Space})+/gu) ?? [];
}
