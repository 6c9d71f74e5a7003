"""Display: values, formulas and worked solutions as text, TeX and MathML."""
