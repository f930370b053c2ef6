/** Whether weight decay is added to the gradient, or shrinks the weights separately. */
export function weightDecayOf({
  weightDecay,
  decoupledWeightDecay,
}: {
  readonly weightDecay: number;
  readonly decoupledWeightDecay: boolean;
}) {
  const decays = weightDecay !== 0;
  return {
    decaysInGradient: decays && !decoupledWeightDecay,
    decaysApart: decays && decoupledWeightDecay,
  };
}
