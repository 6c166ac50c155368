// A QR code as one SVG path, for cards, opt-in and the second factor. Drawn here: what it says goes to nobody.
import qrcode from 'qrcode-generator';
import { type ReactNode, useMemo } from 'react';

export const QrCode = ({
  text,
  label,
  size = 180,
}: {
  readonly text: string;
  readonly label: string;
  readonly size?: number;
}): ReactNode => {
  const { path, side } = useMemo(() => {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const count = code.getModuleCount();
    const cells: string[] = [];
    for (let row = 0; row < count; row += 1)
      for (let column = 0; column < count; column += 1)
        if (code.isDark(row, column)) cells.push(`M${column + 4} ${row + 4}h1v1h-1z`);
    return { path: cells.join(''), side: count + 8 };
  }, [text]);
  return (
    <svg role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${side} ${side}`}>
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
};
