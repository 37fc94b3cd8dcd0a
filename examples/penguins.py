"""Does a Gentoo weigh more than an Adelie with flippers of the same length? From the rows to an answer, on real data."""

from mathlearn.datasets import load_penguins
from mathlearn.linear_model import LinearRegression

penguins = load_penguins()  # 344 rows, two of them without measurements

model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + species", missing="drop").fit(penguins)
print(model.summary())

print("\nGentoo against Adelie, at equal flipper length:")
print(model.contrast("`species[T.Gentoo]` = 0"))

print("\nThe same with standard errors that allow for unequal spread:")
print(model.infer(penguins, covariance="HC3").conf_int().to_string(index=False))

print("\nThe rows that the fit hangs on most:")
rows = model.augment(penguins)
print(rows.nlargest(3, "cooks_d").to_string(index=False))
