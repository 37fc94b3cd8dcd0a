"""One fit from a folder of Parquet files and from an SQL query over it: the rows never come into memory together."""

from pathlib import Path
from tempfile import TemporaryDirectory

import mathlearn
from mathlearn.datasets import load_penguins
from mathlearn.linear_model import LinearRegression

FORMULA = "body_mass_g ~ flipper_length_mm + species"

with TemporaryDirectory() as folder:
    years = Path(folder) / "penguins"
    years.mkdir()
    for year, rows in load_penguins().groupby("year"):
        rows.to_parquet(years / f"{year}.parquet", index=False)

    stream = mathlearn.scan(years)
    from_files = LinearRegression(formula=FORMULA, missing="drop").fit(stream)

    query = "SELECT body_mass_g, flipper_length_mm, species FROM penguins WHERE body_mass_g IS NOT NULL"
    from_sql = LinearRegression(formula=FORMULA).fit(mathlearn.scan(sql=query, files={"penguins": years}))

    print(from_files.tidy()[["term", "estimate", "std_error"]].to_string(index=False))
    print("the same coefficients by SQL:", (from_sql.coef_ == from_files.coef_).all())
    print("checked against the files:", from_files.verify(stream).verdict)
