/** In a perfect star, every corner is within 2 % of the star's size. */
export const tolerance = 0.02;

/** How far a proof turns a knob each way. */
export const wiggle = 0.01;
