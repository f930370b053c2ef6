/** The version of this copy of Stargrad. All its packages have it; `npm run version` writes it into this file. */
export const version = "0.0.0";
