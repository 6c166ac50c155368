// Shares as bars of one SVG, with the lines to reach drawn through. The table beside it says the same in numbers, so the picture
// is hidden from who cannot see it but for its name.
import type { ReactNode } from 'react';
import styles from './admin.module.css';

export interface Bar {
  readonly key: string;
  readonly name: string;
  /** Percent; null: too few to be shown. */
  readonly share: number | null;
  readonly text: string;
}

const ROW = 34;
const TOP = 18;
const NAME = 150;
const WIDTH = 640;
const VALUE = 170;

export const ProgressBars = ({
  label,
  bars,
  lines,
}: {
  readonly label: string;
  readonly bars: readonly Bar[];
  readonly lines: readonly number[];
}): ReactNode => {
  // The last line has room behind it, and so has the longest bar.
  const most = Math.max(...lines.map((line) => line * 1.2), ...bars.map(({ share }) => share ?? 0));
  const room = WIDTH - NAME - VALUE;
  const at = (percent: number) => NAME + (percent / most) * room;
  const height = TOP + bars.length * ROW;
  return (
    <svg
      role="img"
      aria-label={`${label}: ${bars.map(({ name, text }) => `${name} ${text}`).join('、')}`}
      viewBox={`0 0 ${WIDTH} ${height}`}
      className={styles.bars}
    >
      {bars.map(({ key, name, share, text }, row) => (
        <g key={key} transform={`translate(0 ${TOP + row * ROW})`}>
          <text x={NAME - 8} y={20} textAnchor="end" fontSize={14} fill="currentColor">
            {name}
          </text>
          <rect x={NAME} y={6} width={room} height={20} fill="var(--mantine-color-default-border)" opacity={0.4} />
          <rect
            x={NAME}
            y={6}
            width={Math.max(0, at(share ?? 0) - NAME)}
            height={20}
            fill="var(--mantine-color-teal-filled)"
          />
          <text x={WIDTH - VALUE + 8} y={20} fontSize={13} fill="currentColor">
            {text}
          </text>
        </g>
      ))}
      {lines.map((line) => (
        <g key={line}>
          <line
            x1={at(line)}
            x2={at(line)}
            y1={TOP - 4}
            y2={height}
            stroke="currentColor"
            strokeWidth={1.5}
            strokeDasharray="4 3"
          />
          <text x={at(line)} y={TOP - 6} textAnchor="middle" fontSize={12} fill="currentColor">
            {line} %
          </text>
        </g>
      ))}
    </svg>
  );
};
