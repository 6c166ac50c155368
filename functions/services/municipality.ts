// Codes of prefectures and municipalities, as far as their digits tell whether they can be right.

export const isPrefecture = (digits: string): boolean => /^(0[1-9]|[1-3][0-9]|4[0-7])$/.test(digits);

/**
 * 全国地方公共団体コード: five digits (JIS X 0401, 0402), or six with the check digit.
 * https://www.soumu.go.jp/denshijiti/code.html
 */
export const municipalityFault = (code: string): string | undefined => {
  if (!/^[0-9]{5,6}$/.test(code)) return 'must be 5 digits, or 6 with the check digit';
  if (!isPrefecture(code.slice(0, 2))) return 'must begin with a prefecture (01-47)';
  if (code.length === 6 && checkOfMunicipality(code.slice(0, 5)) !== code[5])
    return 'has a check digit that does not fit';
  return undefined;
};

const checkOfMunicipality = (five: string): string => {
  const sum = [...five].reduce((all, digit, index) => all + Number(digit) * (6 - index), 0);
  return String((11 - (sum % 11)) % 10);
};
