"""From readings to a diagnosis: one timeline, the onset, ranked components, gaps and questions.

The order of the work: `gathering` joins the readings into one `Evidence` and corrects its clocks; `visits`
cuts it into calls of components; `behaviour`, `latency`, `resources` and `rates` compare what was with
what is; `onset` finds when it began; `ranking` weighs who explains most; `coverage` and `questions` say
what is missing; `narrative` puts it into sentences with proof.
"""
